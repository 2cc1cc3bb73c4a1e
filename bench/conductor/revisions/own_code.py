"""Whether base runs its own code: an app may well import modules out of the folder that head lies in.

An editable installation or a PYTHONPATH names that folder once for all. Base would then run head's code
there, and a slower head would be as fast as base.
"""

import json
import subprocess
from pathlib import Path

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.conductor.processes.attended import attended
from bench.conductor.processes.children import child_environment
from bench.conductor.revisions.dependencies import content_of
from bench.errors import ServerFailed
from bench.scenario.reading import LoadedScenario

_PATIENCE_S = 60.0

# What the app prints is kept apart from the answer, and threads of its own are not waited for.
_ASK = """
import os, sys
answer = os.dup(1)
os.dup2(2, 1)
try:
    import importlib
    importlib.import_module(sys.argv[1])
except BaseException:
    pass
import json
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
files = [os.path.realpath(one) for one in files if isinstance(one, str)]
with open(answer, "w") as file:
    json.dump([os.path.realpath(sys.prefix), files], file)
os._exit(0)
"""


def borrowed(
    loaded: LoadedScenario, base: Path, top: Path, head: Path, python: PythonEnvironment
) -> list[Path]:
    """The files of head's repository (`head`, its top) that base imports though its own are other ones.

    They are relative to the top, sorted. `base` is the app's folder below base's `top`. What an app imports
    only later is not seen; nor is anything where it cannot be imported: its servers will say why.
    """
    prefix, files = _imported(loaded, base, python, top.parent / "import.log")
    outside = (Path(file) for file in files if not {"site-packages", "dist-packages"} & set(Path(file).parts))
    theirs = {
        file.relative_to(head)
        for file in outside
        if file.is_relative_to(head) and not file.is_relative_to(top) and not file.is_relative_to(prefix)
    }
    return sorted(file for file in theirs if content_of(head / file) != content_of(top / file))


def _imported(
    loaded: LoadedScenario, folder: Path, python: PythonEnvironment, log: Path
) -> tuple[Path, list[str]]:
    """The environment's folder, and the modules' files once the app has been imported as servers do it."""
    variables = child_environment(dict(loaded.scenario.environment), python)
    module = loaded.scenario.app.partition(":")[0]
    command = (str(python.python), "-B", "-c", _ASK, module)
    try:
        with (
            log.open("ab") as output,
            attended(command, directory=folder, environment=variables, output=output, piped=True) as process,
        ):
            said, _ = process.communicate(timeout=_PATIENCE_S)
        prefix, files = json.loads(said)
    except (ServerFailed, subprocess.TimeoutExpired, ValueError):
        return folder, []
    return Path(prefix), files
