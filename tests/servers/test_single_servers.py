from dataclasses import replace
from pathlib import Path

import pytest

from bench.servers import SERVERS, Address, Port, Settings, gunicorn
from tests.servers.describing import (
    CERTIFICATE,
    GUNICORNS,
    PORT,
    SETTINGS,
    SHIPPED,
    SOCKET,
    described,
    remarks_of,
    value_of,
    words_of,
)


def test_the_dev_server_runs_without_debugger_reloader_and_request_log() -> None:
    words = words_of("flask")
    assert {"--no-debug", "--no-reload", "--with-threads"} <= set(words)
    assert "getLogger('werkzeug').setLevel('ERROR')" in words[2]


@pytest.mark.parametrize("version", ["1.1.4", "2.1.3", "2.1.99rc1", "a fork"])
def test_before_its_2_2_the_dev_server_is_told_the_same_by_variables(version: str) -> None:
    (part,) = described("flask", replace(SETTINGS, version=version)).parts
    assert part.environment == {"FLASK_APP": "shop.web:app", "FLASK_DEBUG": "0"}
    assert not {"--app", "--no-debug"} & set(part.command)
    (newer,) = described("flask", replace(SETTINGS, version="2.2")).parts
    assert newer.environment == {}
    assert newer.command.index("--no-debug") < newer.command.index("run")  # until 2.2.3 only there


def test_the_floor_under_the_dev_server_is_served_the_same_way() -> None:
    words = words_of("flask", replace(SETTINGS, framework_app=False))
    assert words[3:] == ("shop.web:app", "127.0.0.1", str(PORT))
    assert "run_simple(host, int(port), import_string(app)" in words[2]
    assert "threaded=True" in words[2]
    assert "use_reloader" not in words[2]
    assert "getLogger('werkzeug').setLevel('ERROR')" in words[2]


def test_gunicorn_has_threads_keeps_connections_and_caps_none_of_them() -> None:
    words = words_of("gunicorn")
    assert value_of(words, "--worker-class") == "gthread"
    assert value_of(words, "--workers") == "3"
    assert value_of(words, "--threads") == "5"
    assert value_of(words, "--keep-alive") == "75"
    assert value_of(words, "--backlog") == "2048"
    many = words_of("gunicorn", replace(SETTINGS, connections=9_000))
    assert int(value_of(many, "--worker-connections")) >= 9_000 + 5


@pytest.mark.parametrize("server", GUNICORNS)
def test_gunicorn_does_without_a_folder_in_memory_where_there_is_none(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gunicorn, "_MEMORY", tmp_path / "none")
    assert "--worker-tmp-dir" not in words_of(server)
    monkeypatch.setattr(gunicorn, "_MEMORY", tmp_path)
    assert value_of(words_of(server), "--worker-tmp-dir") == str(tmp_path)


@pytest.mark.parametrize("server", GUNICORNS)
def test_the_control_socket_is_switched_off_where_gunicorn_has_one(server: str) -> None:
    for version in ("25.1", "25.1.0", "25.1.0rc1", "25.10.2", "26.0.0"):
        assert "--no-control-socket" in words_of(server, replace(SETTINGS, version=version))
    for version in ("20.1.0", "25.0.3", "9.99", "a fork"):
        assert "--no-control-socket" not in words_of(server, replace(SETTINGS, version=version))


def test_gunicorn_runs_in_the_python_it_is_given_and_finds_itself_before_the_app() -> None:
    words = words_of("gunicorn")
    assert words[:2] == ("python", "-c")
    assert words[2].index("sys.path[:] = ") < words[2].index("import run")


def test_gunicorn_sync_has_workers_only() -> None:
    words = words_of("gunicorn-sync")
    assert value_of(words, "--worker-class") == "sync"
    assert value_of(words, "--workers") == "3"
    assert "--threads" not in words
    assert "--keep-alive" not in words


def test_gunicorn_gevent_has_greenlets_for_every_connection() -> None:
    words = words_of("gunicorn-gevent", replace(SETTINGS, connections=9_000))
    assert value_of(words, "--worker-class") == "gevent"
    assert value_of(words, "--keep-alive") == "75"
    assert int(value_of(words, "--worker-connections")) >= 9_000
    assert "--threads" not in words
    assert SERVERS["gunicorn-gevent"].requires == ("gevent",)


def test_uwsgi_keeps_connections_through_its_router_and_ends_when_asked() -> None:
    words = words_of("uwsgi")
    assert value_of(words, "--http") == f"127.0.0.1:{PORT}"
    assert value_of(words, "--http-keepalive") == "75"
    assert value_of(words, "--processes") == "3"
    assert value_of(words, "--threads") == "5"
    assert 0 < int(value_of(words, "--listen")) <= 1024
    assert {
        "--master", "--die-on-term", "--no-orphans", "--need-app", "--single-interpreter",
        "--enable-threads", "--lazy-apps", "--disable-logging", "--tcp-nodelay",
    } <= set(words)  # fmt: skip


def test_waitress_has_as_many_threads_as_the_others_in_all_and_room_for_every_connection() -> None:
    words = words_of("waitress")
    assert value_of(words, "--listen") == f"127.0.0.1:{PORT}"
    assert value_of(words, "--threads") == "15"
    assert value_of(words, "--channel-timeout") == "75"
    assert "--asyncore-use-poll" in words
    assert "getLogger('waitress.queue').setLevel('ERROR')" in words[2]
    for connections in (1, 64, 5_000):
        words = words_of("waitress", replace(SETTINGS, connections=connections))
        assert int(value_of(words, "--connection-limit")) >= max(100, 2 * connections)


@pytest.mark.parametrize(
    ("server", "option"),
    [("uwsgi", "--http"), ("uwsgi-http", "--http-socket"), ("uwsgi-http11", "--http11-socket")],
)
def test_each_uwsgi_takes_requests_in_its_own_way(server: str, option: str) -> None:
    words = words_of(server)
    assert value_of(words, option) == f"127.0.0.1:{PORT}"
    assert ("--http-keepalive=75" in words) is (server == "uwsgi")


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
def test_waitress_behind_a_proxy_believes_who_asks_and_how(profile: Settings) -> None:
    assert not any("trusted" in word for word in words_of("waitress", profile))
    words = words_of("waitress", replace(profile, proxied=True))
    assert value_of(words, "--trusted-proxy") == "*"
    assert value_of(words, "--trusted-proxy-headers").split() == ["x-forwarded-for", "x-forwarded-proto"]


@pytest.mark.parametrize("address", [SOCKET, Port("127.0.0.2", PORT)], ids=str)
def test_behind_a_proxy_that_speaks_its_protocol_uwsgi_has_no_router(address: Address) -> None:
    found = described("uwsgi", replace(SETTINGS, protocol="uwsgi", address=address))
    (part,) = found.parts
    assert value_of(part.command, "--socket") == str(address).removeprefix("unix:")
    assert not any(word.startswith("--http") for word in part.command)
    assert part.processes == 3 + 1
    assert found.keeps_alive is False


@pytest.mark.parametrize(("server", "option"), [("uwsgi", "--https"), ("uwsgi-http", "--https-socket")])
def test_a_uwsgi_that_is_to_speak_tls_says_what_it_has_to_be_built_with(server: str, option: str) -> None:
    secure = replace(SETTINGS, tls=CERTIFICATE)
    address = f"127.0.0.1:{PORT},{CERTIFICATE.certificate},{CERTIFICATE.key}"
    assert value_of(words_of(server, secure), option) == address
    assert "OpenSSL" in remarks_of(server, secure)
    assert "OpenSSL" not in remarks_of(server, SETTINGS)


@pytest.mark.parametrize(
    ("server", "profile"), [("uwsgi-http", SETTINGS), ("uwsgi-http", SHIPPED), ("uwsgi", SHIPPED)]
)
def test_a_uwsgi_that_closes_says_so_to_its_clients(server: str, profile: Settings) -> None:
    assert value_of(words_of(server, profile), "--add-header") == "Connection: close"
    assert "closes each connection" in remarks_of(server, profile)


@pytest.mark.parametrize("server", ["uwsgi", "uwsgi-http11"])
def test_a_uwsgi_that_keeps_connections_does_not_say_that_it_closes_them(server: str) -> None:
    assert "--add-header" not in words_of(server)


def test_uwsgi_http11_says_when_there_are_more_connections_than_threads() -> None:
    assert "have to wait" not in remarks_of("uwsgi-http11", replace(SETTINGS, connections=15))
    assert "all but 15 may have to wait" in remarks_of("uwsgi-http11", replace(SETTINGS, connections=16))


def test_granian_has_threads_and_takes_every_connection() -> None:
    words = words_of("granian", replace(SETTINGS, connections=9_000))
    assert words[-1] == "shop.web:app"
    for option, value in {
        "--interface": "wsgi", "--http": "1", "--workers": "3", "--blocking-threads": "5",
        "--backpressure": "9000", "--workers-kill-timeout": "5",
    }.items():  # fmt: skip
        assert value_of(words, option) == value
    assert value_of(words_of("granian"), "--backpressure") == "1024"


def test_an_old_granian_is_not_given_what_it_does_not_know() -> None:
    assert "--workers-kill-timeout" not in words_of("granian", replace(SETTINGS, version="1.6.4"))
    assert described("granian", replace(SHIPPED, version="1.6.4")).threads == 1024


def test_cheroot_has_as_many_threads_as_the_others_in_all_and_keeps_every_connection() -> None:
    words = words_of("cheroot")
    assert "keep_alive_conn_limit = None" in words[2]
    for option, value in {
        "--threads": "15", "--max-threads": "15", "--timeout": "75", "--request-queue-size": "1024",
    }.items():  # fmt: skip
        assert value_of(words, option) == value
    assert described("cheroot", replace(SHIPPED, connections=10)).keeps_alive is True


def test_bjoern_sends_without_delay_where_there_is_one() -> None:
    assert "TCP_NODELAY" in words_of("bjoern")[2]
    assert "TCP_NODELAY" not in words_of("bjoern", replace(SETTINGS, address=SOCKET))[2]


def test_a_command_is_told_where_to_listen_and_keeps_all_other_braces() -> None:
    assert words_of("command", replace(SETTINGS, options=("--more",))) == (
        "serve", f"--at=127.0.0.1:{PORT}", "--state", "/run/deployment/state", "shop.web:app",
        '{"json": true}', "--more",
    )  # fmt: skip
    assert described("command", SETTINGS).parts[0].processes is None
