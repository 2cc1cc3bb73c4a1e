"""The fastest target there is at hand: nginx that answers `return 200` from memory, on a core of its own.

It is Debian's nginx with a configuration of ours, in a temporary folder, as a single process without a
master: then the end of that one process is the end of nginx.
"""

import http.client
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.exchange import ask, request_bytes
from bench.conductor.log import last_lines
from bench.conductor.ports import free_port
from bench.errors import ServerFailed
from bench.load.response import Expected
from bench.load.target import Target
from bench.scenario.model import Request
from benchmarks.stage import Stage
from benchmarks.tools import find, running

BODY = b"ok"
REQUEST = Request(path="/")
PATIENCE_S = 5.0

_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen 127.0.0.1:{keeping} backlog=1024;
        keepalive_timeout 75s;
        location / {{ return 200 "{body}"; }}
    }}
    server {{
        listen 127.0.0.1:{closing} backlog=1024;
        keepalive_timeout 0;
        location / {{ return 200 "{body}"; }}
    }}
}}
"""


@dataclass(frozen=True)
class NginxTargets:
    """One nginx, two ports: `keeping` keeps connections open, `closing` closes each after its answer."""

    keeping: Target
    closing: Target


@contextmanager
def nginx_targets(stage: Stage) -> Iterator[NginxTargets]:
    """Start nginx on the servers' first core; stop it at the end. Raises InputError without an nginx."""
    command = find("nginx")
    folder = stage.folder / "nginx"
    folder.mkdir()
    keeping = free_port(None, ())
    closing = free_port(None, (keeping,))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, keeping=keeping, closing=closing, body=BODY.decode())
    )
    log = folder / "error.log"
    with running(
        stage,
        (command, "-p", str(folder), "-c", str(configuration), "-e", str(log)),
        cores=stage.machine.server_cores[:1],
        log=folder / "printed.txt",
    ) as process:
        for port in (keeping, closing):
            _wait_until_ready(process, port, log)
        yield NginxTargets(_target("keeping", keeping), _target("closing", closing))


def _target(name: str, port: int) -> Target:
    return Target("127.0.0.1", port, "GET", name, request_bytes(REQUEST, port), Expected(200, BODY))


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            answer = ask(request_bytes(REQUEST, port), "GET", port, 1.0)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
            continue
        if (answer.status, answer.body) == (200, BODY):
            return
    raise ServerFailed("nginx did not start", "\n  ".join(last_lines(log)))
