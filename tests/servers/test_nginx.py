import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.processes.ports import free_port
from bench.errors import InputError
from bench.servers.blueprint import (
    Ability,
    Blueprint,
    Certificate,
    Port,
    Process,
    Server,
    Settings,
    StaticFiles,
    UnixSocket,
)
from bench.servers.nginx import NGINX, behind_nginx
from bench.servers.nginx_configuration import quoted, with_dollars
from tests.load.certificates import make_certificates

PATH = f"{os.environ['PATH']}:/usr/sbin"  # where Debian has nginx, and users do not look
PORT = 23_456
NASTY = "a \"b\" 'c' ; {d} $host ${e} # \\n \\"
SETTINGS = Settings(
    app="shop.web:app", version="1.0", framework_app=True, address=Port("127.0.0.1", PORT),
    folder="/run/deployment", directory="/srv/shop", python="/srv/shop/.venv/bin/python",
    processes=3, threads=5, connections=64, at_once=16, cores=2,
    tls=Certificate("/run/deployment/cert.pem", "/run/deployment/key.pem"),
    static=StaticFiles("/static/", "/srv/shop/static"),
)  # fmt: skip


@dataclass(frozen=True)
class Stub(Server):
    """A backend that says in its command line what it was told."""

    name: str = "stub"
    abilities: frozenset[Ability] = frozenset({"unix"})
    keeps_alive: bool | None = True
    files: bool = False
    distribution: str | None = None
    summary: str = "a stub"
    remedy: str = "nothing"

    def blueprint(self, settings: Settings) -> Blueprint:
        told = (str(settings.address), settings.protocol, str(settings.tls), str(settings.static))
        return Blueprint(
            parts=(Process((*told, settings.file("stub.ini")), processes=1 + settings.processes),),
            processes=settings.processes,
            threads=settings.threads,
            keeps_alive=self.keeps_alive,
            remarks=("has a remark",),
            files={"stub.ini": f"listen {settings.address}"} if self.files else {},
        )


def behind(backend: Server | None = None, over: Literal["unix", "tcp"] = "unix", backends: int = 1,
           settings: Settings = SETTINGS) -> Blueprint:  # fmt: skip
    return behind_nginx(backend or Stub(), settings, over, backends)


def lines_of(blueprint: Blueprint) -> list[str]:
    return [line.strip() for line in blueprint.files["nginx.conf"].splitlines()]


def test_the_backend_comes_first_and_listens_on_a_socket_in_the_folder() -> None:
    backend, nginx = behind().parts
    socket = UnixSocket("/run/deployment/backend-1.sock")
    assert (backend.name, backend.listens, backend.processes) == ("stub", socket, 4)
    assert backend.command[:4] == (str(socket), "http", "None", "None")
    assert (nginx.name, nginx.listens, nginx.processes) == ("nginx", None, 3)
    assert nginx.command == ("nginx", "-p", "/run/deployment", "-c", "nginx.conf", "-e", "stderr")
    assert f'server "{socket}" max_fails=0;' in lines_of(behind())


def test_several_backends_are_numbered_and_counted_together() -> None:
    described = behind(over="tcp", backends=4)
    assert [part.name for part in described.parts] == ["stub-1", "stub-2", "stub-3", "stub-4", "nginx"]
    addresses = [Port(f"127.0.0.{i}", PORT) for i in (2, 3, 4, 5)]
    assert [part.listens for part in described.parts[:4]] == addresses
    assert (described.processes, described.threads, described.keeps_alive) == (12, 5, True)
    servers = [line for line in lines_of(described) if line.startswith("server 127")]
    assert servers == [f"server {address} max_fails=0;" for address in addresses]
    assert described.remarks == ("stub behind nginx: has a remark",)


def test_a_number_of_processes_that_is_not_known_stays_unknown() -> None:
    class Unknown(Stub):
        def blueprint(self, settings: Settings) -> Blueprint:
            return replace(super().blueprint(settings), processes=None)

    assert behind(Unknown(), backends=2).processes is None


def test_backends_that_generate_files_have_folders_of_their_own_for_them() -> None:
    described = behind(Stub(files=True), backends=2)
    assert set(described.files) == {"stub-1/stub.ini", "stub-2/stub.ini", "nginx.conf"}
    assert described.files["stub-2/stub.ini"] == "listen unix:/run/deployment/backend-2.sock"
    assert described.parts[1].command[-1] == "/run/deployment/stub-2/stub.ini"
    assert behind(backends=2).parts[1].command[-1] == "/run/deployment/stub.ini"


def test_a_server_without_unix_sockets_is_refused_over_one() -> None:
    with pytest.raises(InputError, match=r"cannot listen on a unix socket\n.*over: tcp"):
        behind(Stub(abilities=frozenset()))
    assert behind(Stub(abilities=frozenset()), over="tcp").parts[0].listens == Port("127.0.0.2", PORT)


def test_a_server_of_several_parts_is_refused() -> None:
    class Pair(Stub):
        def blueprint(self, settings: Settings) -> Blueprint:
            one = super().blueprint(settings)
            return replace(one, parts=(*one.parts, *one.parts))

    with pytest.raises(InputError, match=r"made of several parts.*\n.*leave `behind` out"):
        behind(Pair())


def test_the_path_of_a_socket_is_refused_where_the_system_would_cut_it() -> None:
    longest = replace(SETTINGS, folder="/" + "é" * 45 + "x")
    assert len(behind(settings=longest).parts[0].command[0].encode()) == len("unix:") + 107
    with pytest.raises(InputError, match="more than 107 bytes"):
        behind(settings=replace(longest, folder=longest.folder + "x"))
    with pytest.raises(InputError, match="more than 107 bytes"):
        behind(settings=longest, backends=10)


def test_backends_that_know_uwsgis_protocol_are_spoken_to_in_it() -> None:
    described = behind(Stub(abilities=frozenset({"uwsgi"})))
    lines = lines_of(described)
    assert described.parts[0].command[1] == "uwsgi"
    assert "uwsgi_pass backends;" in lines
    assert "uwsgi_param PATH_INFO $document_uri;" in lines
    assert not [line for line in lines if line.startswith(("proxy_pass", "keepalive "))]


@pytest.mark.parametrize("keeps_alive", [True, None, False])
def test_connections_to_backends_are_kept_unless_those_close_them(keeps_alive: bool | None) -> None:
    described = behind(Stub(keeps_alive=keeps_alive))
    lines = lines_of(described)
    kept = keeps_alive is not False
    assert ("keepalive 64;" in lines) is kept
    assert ('proxy_set_header Connection "";' in lines) is kept
    assert "proxy_http_version 1.1;" in lines
    assert described.keeps_alive is True


def test_no_connection_is_capped_and_nothing_is_logged_or_spooled() -> None:
    lines = lines_of(behind(settings=replace(SETTINGS, connections=5_000)))
    values = {line.split()[0]: line.rstrip(";").split()[-1] for line in lines if " " in line}
    assert int(values["worker_connections"]) >= 2 * 5_000
    assert int(values["worker_rlimit_nofile"]) > int(values["worker_connections"])
    assert values["access_log"] == "off"
    assert values["proxy_max_temp_file_size"] == values["client_max_body_size"] == "0"


def test_as_it_comes_it_connects_anew_for_each_request() -> None:
    described = behind(settings=replace(SETTINGS, profile="shipped"))
    lines = lines_of(described)
    assert described.parts[-1].processes is None
    assert "worker_processes auto;" in lines
    assert not [line for line in lines if line.startswith(("keepalive", "proxy_http_version", "zone"))]
    assert "listen 127.0.0.1:23456 ssl;" in lines
    assert "access_log off;" in lines


@pytest.mark.parametrize(("over", "profile"), [*product(["unix", "tcp"], ["equal", "shipped"])])
def test_it_listens_on_loopback_alone(
    over: Literal["unix", "tcp"], profile: Literal["equal", "shipped"]
) -> None:
    lines = lines_of(behind(over=over, backends=2, settings=replace(SETTINGS, profile=profile)))
    (listen,) = [line for line in lines if line.startswith("listen ")]
    assert listen.split()[1].rstrip(";") == "127.0.0.1:23456"


ESCAPED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}


def word(text: str) -> tuple[str, str]:
    """The first word of a configuration, as nginx reads it within quotes, and what follows it."""
    assert text[0] == '"'
    found, place = "", 1
    while text[place] != '"':
        escapes = text[place] == "\\" and text[place + 1] in ESCAPED
        found += ESCAPED[text[place + 1]] if escapes else text[place]
        place += 1 + escapes
    return found, text[place + 1 :]


@given(st.text() | st.text(alphabet="\\\"'tn ;{}"))
def test_a_quoted_value_is_one_word_and_means_itself(value: str) -> None:
    assert word(quoted(value) + ";") == (value, ";")


@given(st.text(alphabet="${}dolar\\\" '"))
def test_no_dollar_of_a_value_begins_another_variable(value: str) -> None:
    found, rest = word(with_dollars(value) + ";")
    assert rest == ";"
    assert "$" not in found.replace("${dollar}", "")
    assert found.count("${dollar}") == value.count("$")
    assert found.replace("${dollar}", "$") == value


@pytest.mark.parametrize(("profile", "abilities"), [*product(["equal", "shipped"], [("unix",), ("uwsgi",)])])
def test_nginx_itself_accepts_the_configuration_whatever_the_folder_is_called(
    profile: Literal["equal", "shipped"], abilities: tuple[Ability, ...]
) -> None:
    if shutil.which(NGINX.name, path=PATH) is None:
        pytest.skip("nginx is not installed: " + NGINX.remedy)
    with TemporaryDirectory(dir="/tmp") as short:  # than which that of a test's own is longer
        tested = verdict_in(Path(short, NASTY), profile, abilities)
    assert "test is successful" in tested.stderr
    assert tested.returncode == 0


def verdict_in(
    folder: Path, profile: Literal["equal", "shipped"], abilities: tuple[Ability, ...]
) -> subprocess.CompletedProcess[str]:
    """What nginx says of the configuration for two backends in this folder."""
    certificates = make_certificates(folder)
    settings = replace(
        SETTINGS,
        address=Port("127.0.0.1", free_port(None, ())),
        folder=str(folder),
        profile=profile,
        tls=Certificate(str(certificates.certificate), str(certificates.key)),
        static=StaticFiles("/sta tic/", str(folder / "static")),
    )
    described = behind(Stub(abilities=frozenset(abilities)), backends=2, settings=settings)
    (folder / "nginx.conf").write_text(described.files["nginx.conf"])
    return subprocess.run(
        [*described.parts[-1].command, "-t"],
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
