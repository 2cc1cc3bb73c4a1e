"""Flask's development server: Werkzeug, one process, a thread for each connection, no keep-alive.

The request log is switched off before Flask's own command runs, as no option does it, because no other
server here logs requests; the reloader is off because its child outlives a killed parent. The floor is
served by the `run_simple` that `flask run` itself calls. Before 2.2 there are variables in place of options,
and until 2.2.3 `--no-debug` stands before `run` only.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Blueprint, Process, Settings

_SILENT = "import logging; logging.getLogger('werkzeug').setLevel('ERROR')"
_FLASK = f"{_SILENT}; from flask.cli import main; main()"
_FLOOR = (
    f"{_SILENT}; import sys; "
    "from werkzeug.serving import run_simple; from werkzeug.utils import import_string; "
    "run_simple('127.0.0.1', int(sys.argv[2]), import_string(sys.argv[1]), threaded=True)"
)


@dataclass(frozen=True)
class FlaskDevelopmentServer:
    """What `flask run` starts."""

    name: str = "flask"
    distribution: str = "flask"
    summary: str = "Flask's development server: one process, closes every connection"
    remedy: str = "pip install flask"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start Flask's own command for an app, and what it stands on for the floor."""
        if settings.framework_app:
            part = _flask_run(settings)
        else:
            part = Process(("python", "-c", _FLOOR, settings.app, str(settings.port)))
        return Blueprint(
            parts=(part,),
            processes=1,
            threads=settings.at_once,
            keeps_alive=False,
            remarks=("one process, a new thread for every connection, closes each after one answer",),
        )


def _flask_run(settings: Settings) -> Process:
    run = (
        "run", "--host", "127.0.0.1", "--port", str(settings.port), "--no-reload", "--with-threads",
        *settings.options,
    )  # fmt: skip
    if settings.is_at_least(2, 2):
        return Process(("python", "-c", _FLASK, "--app", settings.app, "--no-debug", *run))
    return Process(("python", "-c", _FLASK, *run), {"FLASK_APP": settings.app, "FLASK_DEBUG": "0"})
