"""The fastest target there is at hand: nginx that answers from memory, on a core of its own.

It is Debian's nginx with a configuration of ours, in a temporary folder, as a single process without a
master: then the end of that one process is the end of nginx. Each port answers in another way.
"""

import http.client
import re
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.deployments.exchange import request_bytes
from bench.conductor.processes.log import last_lines
from bench.conductor.processes.ports import free_port
from bench.errors import ServerFailed
from bench.load.expectations import Expected
from bench.load.target import Target, Tls, WireRequest
from bench.scenario.model import Request
from benchmarks.certificate import CERTIFIED_NAME, Certificate, new_certificate
from benchmarks.stage import Stage
from benchmarks.tools import find, running

BODY = b"ok"
PATIENCE_S = 5.0

_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type text/html;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    ssl_certificate {certificate.path};
    ssl_certificate_key {certificate.key};
    {servers}
}}
"""

_SERVER = "server {{ listen 127.0.0.1:{port}{tls} backlog=4096; {answer} }}"

# In two segments: nginx writes the head, and then sends the file, where it is told not to join them.
_ANSWERS = {
    "keeping": 'location / {{ return 200 "{body}"; }}',
    "closing": 'keepalive_timeout 0; location / {{ return 200 "{body}"; }}',
    "encrypted": 'location / {{ return 200 "{body}"; }}',
    "chunked": 'ssi on; location / {{ return 200 "{body}"; }}',
    "two_segments": (
        "sendfile on; tcp_nopush off; open_file_cache max=8; "
        "location / {{ root {folder}; try_files /body.html =404; }}"
    ),
    "status": "location / {{ stub_status; }}",
}


@dataclass(frozen=True)
class NginxTargets:
    """One nginx, one port for each way to answer.

    `keeping` keeps connections open, `closing` closes each after its answer, `encrypted` speaks TLS;
    `chunked` answers in a chunk, `two_segments` sends head and body in a segment each. The last three keep
    connections open.
    """

    keeping: Target
    closing: Target
    encrypted: Target
    chunked: Target
    two_segments: Target
    status_port: int

    def requests_served(self) -> int:
        """How many requests nginx has counted since its start, those that ask for this number included."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/", timeout=PATIENCE_S) as answer:
            return served_in(answer.read().decode())


def served_in(status: str) -> int:
    """The number of requests on nginx's page of its status. Raises ServerFailed without."""
    found = re.search(r"^ \d+ \d+ (\d+) $", status, re.MULTILINE)
    if found is None:
        raise ServerFailed("nginx's status page has no counts", status)
    return int(found[1])


@contextmanager
def nginx_targets(stage: Stage) -> Iterator[NginxTargets]:
    """Start nginx on the servers' first core; stop it at the end. Raises InputError without an nginx."""
    command = find("nginx")
    folder = stage.folder / "nginx"
    folder.mkdir()
    (folder / "body.html").write_bytes(BODY)
    certificate = new_certificate(stage)
    ports = _free_ports(tuple(_ANSWERS))
    configuration = folder / "nginx.conf"
    configuration.write_text(_configuration(folder, certificate, ports))
    log = folder / "error.log"
    with running(
        stage,
        (command, "-p", str(folder), "-c", str(configuration), "-e", str(log)),
        cores=stage.machine.server_cores[:1],
        log=folder / "printed.txt",
    ) as process:
        status_port = ports.pop("status")
        targets = {name: _target(name, port, certificate) for name, port in ports.items()}
        _wait_until_ready(process, targets["keeping"], log)
        for target in targets.values():
            _prove(target)
        yield NginxTargets(**targets, status_port=status_port)


def _free_ports(names: Sequence[str]) -> dict[str, int]:
    ports: dict[str, int] = {}
    for name in names:
        ports[name] = free_port(None, tuple(ports.values()))
    return ports


def _configuration(folder: Path, certificate: Certificate, ports: dict[str, int]) -> str:
    servers = (
        _SERVER.format(
            port=port,
            tls=" ssl" if name == "encrypted" else "",
            answer=_ANSWERS[name].format(body=BODY.decode(), folder=folder),
        )
        for name, port in ports.items()
    )
    return _CONFIGURATION.format(folder=folder, certificate=certificate, servers="\n    ".join(servers))


def _target(name: str, port: int, certificate: Certificate) -> Target:
    request = WireRequest(name, "GET", request_bytes(Request(path="/"), port), Expected(200, BODY))
    tls = Tls(CERTIFIED_NAME, authorities=certificate.path.read_text()) if name == "encrypted" else None
    return Target("127.0.0.1", port, (request,), tls)


def _wait_until_ready(process: subprocess.Popen[bytes], target: Target, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _prove(target)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
            continue
        return
    raise ServerFailed("nginx did not start", "\n  ".join(last_lines(log)))


def _prove(target: Target) -> None:
    """Ask once. Raises ServerFailed where the answer is not what this target is there for."""
    name = target.requests[0].name
    with _connected(target) as connection:
        connection.request("GET", "/")
        answer = connection.getresponse()
        is_chunked = answer.getheader("Transfer-Encoding") == "chunked"
        if (answer.status, answer.read(), is_chunked) != (200, BODY, name == "chunked"):
            raise ServerFailed(f"nginx does not answer as it should: {name}", f"status {answer.status}")


@contextmanager
def _connected(target: Target) -> Iterator[http.client.HTTPConnection]:
    if target.tls is None:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE_S)
    else:
        trusting = ssl.create_default_context(cadata=target.tls.authorities)
        connection = http.client.HTTPSConnection(
            target.host, target.port, timeout=PATIENCE_S, context=trusting
        )
    try:
        yield connection
    finally:
        connection.close()
