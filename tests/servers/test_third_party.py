import json
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from apps import content
from bench.errors import InputError
from bench.servers import BUILT_IN, SERVERS, Port, Server
from bench.servers.third_party import GROUP, third_party_servers
from tests.servers.describing import SETTINGS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "server-plugin"
TAKEN = tuple(SERVERS)
Install = Callable[..., None]

MODULE = """
class Turnstile:
    name = "turnstile"
    distribution = None
    summary = "one at a time"
    remedy = "it is there"
    programs = requires = ()
    abilities = frozenset()

    def blueprint(self, settings):
        raise NotImplementedError

SERVER = Turnstile()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package as pip would: its module, and what it says of itself, in a folder of the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(package: str, module: str, text: str, entries: dict[str, str]) -> None:
        (tmp_path / f"{module}.py").write_text(text)
        facts = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {target}\n" for name, target in entries.items()]
        (facts / "entry_points.txt").write_text(f"[{GROUP}]\n{''.join(lines)}")
        # Another test's module of that name would be found instead.
        monkeypatch.delitem(sys.modules, module, raising=False)

    return installed


def connected(address: Port, server: subprocess.Popen[bytes]) -> HTTPConnection:
    """A connection to a server that may not listen yet."""
    connection = HTTPConnection(address.host, address.number, timeout=10)
    while True:
        try:
            connection.connect()
        except ConnectionRefusedError:
            assert server.poll() is None
        else:
            return connection


@pytest.fixture
def example(install: Install) -> Server:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    module = "bench_wsgiref"
    text = (EXAMPLE / f"{module}.py").read_text()
    install(project["name"], module, text, project["entry-points"][GROUP])
    return third_party_servers(TAKEN)["wsgiref"]


def test_a_server_of_another_package_is_found_by_its_name(example: Server) -> None:
    assert example.name == "wsgiref"
    assert (example.programs, example.requires, example.abilities) == ((), (), frozenset())
    (part,) = example.blueprint(SETTINGS).parts
    assert part.command[3:] == ("shop.web:app", "127.0.0.1", "23456")


def test_the_page_about_servers_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "servers.md").read_text()
    _, _, code = (EXAMPLE / "bench_wsgiref.py").read_text().partition("\n\n")
    assert f"```python\n{code}```" in page
    entries = (
        (EXAMPLE / "pyproject.toml").read_text().partition("[project.entry-points")[2].partition("\n\n")[0]
    )
    assert f"[project.entry-points{entries}\n```" in page


def test_the_server_of_the_example_serves(example: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Port(*taken.getsockname())
    (part,) = example.blueprint(replace(SETTINGS, app="apps.bare:app", address=address)).parts
    command = [sys.executable, *part.command[1:]]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            connection = connected(address, server)
            connection.request("GET", "/json")
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())) == (200, content.DOCUMENT)
            assert connection.sock is None  # closed after the answer, as promised
        finally:
            server.terminate()


def test_it_is_loaded_when_servers_are_asked_for_and_not_before(install: Install, tmp_path: Path) -> None:
    install("bench-turnstile", "turnstile", MODULE, {"turnstile": "turnstile:SERVER"})
    code = (
        "import sys; import bench.cli.main; from bench.servers import server_names; "
        "print('turnstile' in sys.modules); print(*server_names())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    before, names = said.stdout.splitlines()
    assert before == "False"
    assert names.split() == [*(server.name for server in BUILT_IN), "turnstile"]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("no_such_module:SERVER", "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("turnstile:NO_SUCH", "cannot be loaded: AttributeError"),
        ("turnstile:Turnstile", "no server: it is a class"),
        ("turnstile:Turnstile.name", "no server: it has no name, distribution"),
        ("turnstile:Turnstile.blueprint", "no server: it has no name, distribution"),
    ],
)
def test_an_entry_that_is_no_server_is_refused_with_the_name_of_its_package(
    install: Install, target: str, complaint: str
) -> None:
    install("bench-turnstile", "turnstile", MODULE, {"turnstile": target})
    with pytest.raises(InputError) as refused:
        third_party_servers(TAKEN)
    assert complaint in refused.value.what
    assert "bench-turnstile" in refused.value.what
    assert "uninstall bench-turnstile" in refused.value.remedy


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("raise OSError('no turnstile here')", "cannot be loaded: OSError: no turnstile here"),
        ("raise SystemExit(3)", "cannot be loaded: SystemExit: 3"),
        ("Turnstile.name = 7", "its name: Input should be a valid string"),
        ("Turnstile.name = 'a turnstile'", "its name: String should match pattern"),
        ("Turnstile.abilities = {'flying'}", "its abilities.0: Input should be 'unix', 'uwsgi', 'tls' or"),
        ("Turnstile.programs = ('nginx',)", "its programs.0: Input should be"),
        ("Turnstile.blueprint = None", "its blueprint cannot be called"),
        ("del Turnstile.abilities, Turnstile.remedy", "it has no remedy, abilities"),
    ],
)
def test_a_module_that_cannot_be_used_is_refused(install: Install, wrong: str, complaint: str) -> None:
    install("bench-turnstile", "turnstile", f"{MODULE}\n{wrong}\n", {"turnstile": "turnstile:SERVER"})
    with pytest.raises(InputError) as refused:
        third_party_servers(TAKEN)
    assert complaint in refused.value.what


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise OSError('stuck')", "cannot say how to launch it: OSError: stuck"),
        ("raise SystemExit(0)", "cannot say how to launch it: SystemExit: 0"),
        ("return None", "is no Blueprint: it is of the type NoneType"),
        ("return Blueprint((), 1, 1, True)", "is no Blueprint: it has no part with a command"),
        ("return Blueprint((Process(()),), 1, 1, True)", "is no Blueprint: it has no part with a command"),
        (
            "return Blueprint((Process('serve --fast'),), 1, 1, True)",
            "parts.0.command: Input should be a valid tup",
        ),
        (
            "return Blueprint((Process(('serve', 80)),), 1, 1, True)",
            "parts.0.command.1: Input should be a valid str",
        ),
        (
            "return Blueprint((Process(('serve',)),), 'two', 1, True)",
            "processes: Input should be a valid int",
        ),
    ],
)
def test_a_blueprint_that_is_none_is_refused_with_the_name_of_the_package(
    install: Install, body: str, complaint: str
) -> None:
    with pytest.raises(InputError) as refused:
        told_to(install, body).blueprint(SETTINGS)
    assert "turnstile of bench-turnstile" in refused.value.what
    assert complaint in refused.value.what
    assert "uninstall bench-turnstile" in refused.value.remedy


def told_to(install: Install, body: str) -> Server:
    """The server whose blueprint is made by these statements."""
    text = MODULE.replace("raise NotImplementedError", body)
    imports = "from bench.errors import InputError\nfrom bench.servers import Blueprint, Process\n"
    install("bench-turnstile", "turnstile", imports + text, {"turnstile": "turnstile:SERVER"})
    return third_party_servers(TAKEN)["turnstile"]


def test_what_a_server_itself_refuses_is_told_in_its_own_words(install: Install) -> None:
    refusing = told_to(install, "raise InputError('no options', 'leave them out')")
    with pytest.raises(InputError) as refused:
        refusing.blueprint(SETTINGS)
    assert (refused.value.what, refused.value.remedy) == ("no options", "leave them out")


def test_what_another_package_prints_is_kept_out_of_standard_output(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "print('and now'); return Blueprint([Process(['serve'])], 1, 1, True)"
    server = told_to(install, f"{body}\n\nprint('here I am')")
    assert server.blueprint(SETTINGS).parts[0].command == ("serve",)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.split("\n")[:2] == ["here I am", "and now"]


def test_a_built_in_server_keeps_its_name(install: Install) -> None:
    text = MODULE.replace('"turnstile"', '"gunicorn"')
    install("bench-turnstile", "turnstile", text, {"turnstile": "turnstile:SERVER"})
    with pytest.raises(InputError, match="bench-turnstile brings a server named gunicorn, but wsgi-bench"):
        third_party_servers(TAKEN)


def test_two_packages_cannot_bring_the_same_server(install: Install) -> None:
    install("bench-turnstile", "turnstile", MODULE, {"turnstile": "turnstile:SERVER"})
    install("another-gate", "gate", MODULE, {"gate": "gate:SERVER"})
    with pytest.raises(InputError) as refused:
        third_party_servers(TAKEN)
    assert {"bench-turnstile", "another-gate"} <= set(refused.value.what.split())
