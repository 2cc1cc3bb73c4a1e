import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.processes.ports import free_port
from bench.errors import InputError
from bench.servers.apache import APACHE, DAEMON, EMBEDDED, Apache
from bench.servers.apache_configuration import quoted
from bench.servers.apache_start import START
from bench.servers.blueprint import Blueprint, Certificate, Port, Settings, StaticFiles
from tests.load.certificates import make_certificates

NASTY = "a \"b\" 'c' ; {d} $host ${e} # \\n %{f} *[g] \\"
PATH = f"{os.environ['PATH']}:/usr/sbin"  # where Debian has Apache, and users do not look
SETTINGS = Settings(
    app="shop.web:app.wsgi", version="6.1.1", framework_app=True, address=Port("127.0.0.1", 23_456),
    folder="/run/deployment", directory="/srv/shop", python="/srv/shop/.venv/bin/python",
    processes=3, threads=5, connections=64, at_once=16, cores=2,
)  # fmt: skip
SHIPPED = replace(SETTINGS, profile="shipped")
BOTH = pytest.mark.parametrize("server", [DAEMON, EMBEDDED], ids=lambda server: server.name)


def lines_of(blueprint: Blueprint) -> list[str]:
    return [line.strip() for line in blueprint.files["httpd.conf"].splitlines()]


def values_of(blueprint: Blueprint) -> dict[str, str]:
    """What each directive is set to, by its name; the last where it is there more than once."""
    return dict(line.split(" ", 1) for line in lines_of(blueprint) if " " in line)


@BOTH
def test_it_listens_on_loopback_alone_and_writes_into_its_folder_alone(server: Apache) -> None:
    values = values_of(server.blueprint(SETTINGS))
    assert [line for line in lines_of(server.blueprint(SETTINGS)) if line.startswith("Listen ")] == [
        "Listen 127.0.0.1:23456"
    ]
    assert values["ServerRoot"] == '"/run/deployment"'
    assert values["PidFile"] == "httpd.pid"
    assert values["ErrorLog"] == "/dev/stderr"
    assert not {"CustomLog", "TransferLog", "User", "Group"} & set(values)


def test_the_daemon_mode_runs_the_app_beside_apaches_own_processes() -> None:
    described = DAEMON.blueprint(SETTINGS)
    (part,) = described.parts
    assert (described.processes, described.threads, described.keeps_alive) == (3, 5, True)
    assert part.processes == 1 + SETTINGS.cores + 3
    assert part.listens == SETTINGS.address
    values = values_of(described)
    assert values["WSGIDaemonProcess"] == 'app home="/srv/shop" processes=3 threads=5 listen-backlog=2048'
    assert values["WSGIScriptAlias"].endswith("process-group=app application-group=%{GLOBAL}")
    assert values["WSGIRestrictEmbedded"] == "On"


def test_the_embedded_mode_runs_the_app_in_apaches_own_processes() -> None:
    described = EMBEDDED.blueprint(SETTINGS)
    assert (described.processes, described.parts[0].processes) == (3, 4)
    values = values_of(described)
    assert "WSGIDaemonProcess" not in values
    assert values["WSGIScriptAlias"].endswith("process-group=%{GLOBAL} application-group=%{GLOBAL}")


def test_embedded_there_is_a_thread_for_every_request_at_once_which_is_said() -> None:
    described = EMBEDDED.blueprint(replace(SETTINGS, at_once=200))
    assert described.threads == int(values_of(described)["ThreadsPerChild"])
    assert described.threads is not None
    assert described.threads > 200
    assert "a thread for each request at once" in described.remarks[0]
    assert EMBEDDED.blueprint(replace(SETTINGS, threads=500)).threads == 500


@BOTH
@pytest.mark.parametrize("profile", ["equal", "shipped"])
@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 16), (7, 300), (64, 5_000)])
def test_no_process_comes_or_goes_and_no_thread_is_wanting(
    server: Apache, profile: Any, cores: int, at_once: int
) -> None:
    values = values_of(server.blueprint(replace(SETTINGS, profile=profile, cores=cores, at_once=at_once)))
    processes, threads = int(values["StartServers"]), int(values["ThreadsPerChild"])
    assert int(values["ServerLimit"]) == processes
    assert int(values["ThreadLimit"]) == threads <= 20_000
    assert int(values["MaxRequestWorkers"]) == int(values["MaxSpareThreads"]) == processes * threads
    assert processes * threads >= min(at_once, 400 if profile == "shipped" else at_once)


@BOTH
def test_connections_are_kept_and_none_is_refused(server: Apache) -> None:
    values = values_of(server.blueprint(SETTINGS))
    assert (values["KeepAlive"], values["KeepAliveTimeout"], values["MaxKeepAliveRequests"]) == (
        "On",
        "75",
        "0",
    )
    assert int(values["ListenBacklog"]) >= 1_024
    assert values["WSGIScriptReloading"] == "Off"


@BOTH
@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
def test_behind_a_proxy_it_believes_who_asks_and_how(server: Apache, profile: Settings) -> None:
    assert "WSGITrustedProxies" not in values_of(server.blueprint(profile))
    values = values_of(server.blueprint(replace(profile, proxied=True)))
    assert values["WSGITrustedProxies"] == "127.0.0.1"
    assert values["WSGITrustedProxyHeaders"] == "X-Forwarded-For X-Forwarded-Proto"


@BOTH
def test_as_it_comes_it_has_none_of_that_and_says_what_it_closes(server: Apache) -> None:
    described = server.blueprint(SHIPPED)
    assert not {"KeepAlive", "KeepAliveTimeout", "ListenBacklog"} & set(values_of(described))
    assert "after 100 requests" in described.remarks[-1]
    assert values_of(described)["ThreadsPerChild"] == "25"


def test_as_it_comes_the_daemon_mode_has_one_process_of_mod_wsgis_number_of_threads() -> None:
    described = DAEMON.blueprint(SHIPPED)
    assert (described.processes, described.threads) == (1, 15)
    assert values_of(described)["WSGIDaemonProcess"] == 'app home="/srv/shop"'


@BOTH
def test_only_the_modules_that_are_needed_are_loaded(server: Apache) -> None:
    def loaded(settings: Settings) -> list[str]:
        lines = lines_of(server.blueprint(settings))
        return [line.split()[1].removesuffix("_module") for line in lines if line.startswith("LoadModule")]

    secure = replace(SETTINGS, tls=Certificate("/c.pem", "/k.pem"))
    serving = replace(SETTINGS, static=StaticFiles("/static", "/srv/shop/static/"))
    assert loaded(SETTINGS) == ["mpm_event", "authz_core"]
    assert loaded(secure) == ["mpm_event", "authz_core", "ssl"]
    assert loaded(serving) == ["mpm_event", "authz_core", "alias", "mime"]
    assert 'SSLCertificateKeyFile "/k.pem"' in lines_of(server.blueprint(secure))
    assert 'Alias "/static/" "/srv/shop/static/"' in lines_of(server.blueprint(serving))


@BOTH
def test_the_app_is_imported_from_its_folder(server: Apache) -> None:
    text = server.blueprint(replace(SETTINGS, directory="/srv/o'shop:1")).files["application.wsgi"]
    assert 'os.chdir("/srv/o\'shop:1")' in text
    assert text.endswith("from shop.web import app\n\napplication = app.wsgi\n")
    compile(text, "application.wsgi", "exec")


@BOTH
def test_options_are_words_of_their_own_at_the_end(server: Apache) -> None:
    given = ("-c", "Timeout 5; rm -rf $HOME")
    (part,) = server.blueprint(replace(SETTINGS, options=given)).parts
    assert part.command[:2] == ("python", "/run/deployment/start_apache.py")
    assert part.command[-2:] == given


def test_a_folder_whose_name_no_directive_can_hold_is_refused() -> None:
    with pytest.raises(InputError, match="no line break"):
        DAEMON.blueprint(replace(SETTINGS, folder="/run/two\nlines"))


def test_a_folder_whose_path_is_too_long_for_the_socket_of_daemon_processes_is_refused() -> None:
    folder = "/" + "d" * 100
    with pytest.raises(InputError, match=r"more than 107 bytes.*\n.*TMPDIR=/tmp"):
        DAEMON.blueprint(replace(SETTINGS, folder=folder))
    assert EMBEDDED.blueprint(replace(SETTINGS, folder=folder)).keeps_alive


def word(text: str) -> tuple[str, str]:
    """The first word of a directive, as Apache reads it: variables first, then quotes."""
    text = text.replace("${dollar}", "$")
    assert text[0] == '"'
    found, place = "", 1
    while text[place] != '"':
        escapes = text[place] == "\\" and text[place + 1] in '"\\'
        found += text[place + escapes]
        place += 1 + escapes
    return found, text[place + 1 :]


ONE_LINE = st.text().filter(lambda value: not set(value) & {"\n", "\r", "\0"}) | st.text("\\\"'$ {}dolar%;")


@given(ONE_LINE)
def test_a_quoted_value_is_one_word_and_means_itself(value: str) -> None:
    assert word(quoted(value) + " on") == (value, " on")


def test_the_start_quotes_alike_and_is_understood_by_every_python_for_servers() -> None:
    ast.parse(START, feature_version=(3, 8))
    start: dict[str, Any] = {}
    exec(START.removesuffix("main(*sys.argv[1:])\n"), start)
    assert start["quoted"](NASTY) == quoted(NASTY)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a difficult name that only its owner can enter, at a path short enough for sockets."""
    with TemporaryDirectory(dir="/tmp") as short:
        folder = Path(short, NASTY)
        folder.mkdir()
        yield folder


def started(blueprint: Blueprint, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """The first part, run to its end by our own Python."""
    for name, content in blueprint.files.items():
        (folder / name).write_text(content)
    (_, *words) = blueprint.parts[0].command
    return subprocess.run(
        [*before, sys.executable, *words],
        cwd=folder,
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def here(folder: Path, *options: str) -> Settings:
    """Settings for Apache in this folder on this machine."""
    if shutil.which(APACHE.name, path=PATH) is None:
        pytest.skip("Apache is not installed: " + APACHE.remedy)
    if find_spec("mod_wsgi") is None:
        pytest.skip("mod_wsgi is not installed: " + DAEMON.remedy)
    address = Port("127.0.0.1", free_port(None, ()))
    return replace(SETTINGS, folder=str(folder), directory=str(folder), address=address, options=options)


@BOTH
@pytest.mark.parametrize("profile", ["equal", "shipped"])
def test_apache_itself_accepts_the_configuration_whatever_the_folder_is_called(
    server: Apache, profile: Any, folder: Path
) -> None:
    certificates = make_certificates(folder)
    settings = replace(
        here(folder, "-t"),
        profile=profile,
        tls=Certificate(str(certificates.certificate), str(certificates.key)),
        static=StaticFiles("/sta tic/", str(folder / "static")),
    )
    tested = started(server.blueprint(settings), folder)
    assert "Syntax OK" in tested.stderr
    assert tested.returncode == 0


def test_where_workers_of_root_can_read_nothing_the_start_ends_and_says_what(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only where root starts it do Apache's workers run as another user")
    without = ("setpriv", "--bounding-set=-setpcap", "--inh-caps=-all")
    refused = started(DAEMON.blueprint(here(folder, "-t")), folder, *without)
    assert refused.returncode == 1
    assert "Apache started by root runs its workers as nobody, who cannot read /" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_where_mod_wsgi_is_for_another_python_the_start_says_how_to_build_it(folder: Path) -> None:
    (folder / "mod_wsgi" / "server").mkdir(parents=True)
    (folder / "mod_wsgi" / "__init__.py").touch()
    refused = started(DAEMON.blueprint(replace(SETTINGS, folder=str(folder))), folder)
    assert refused.returncode == 1
    assert refused.stderr.startswith("mod_wsgi was not built for this Python: pip install ")
