from dataclasses import replace

import pytest

from bench.errors import InputError
from bench.scenario.model import DEFAULT_SERVERS
from bench.servers import BUILT_IN, SERVERS, Ability, Port, Settings, server_names
from tests.servers.describing import (
    CERTIFICATE,
    GUNICORNS,
    PORT,
    SETTINGS,
    SHIPPED,
    SOCKET,
    STATIC,
    UWSGIS,
    described,
    has_words_of,
    remarks_of,
    value_of,
    words_of,
)

# Apache is told everything in a file, and has tests of its own.
ALL = sorted(server.name for server in BUILT_IN if not server.name.startswith("apache"))


def able(ability: Ability) -> list[str]:
    return [name for name in ALL if ability in SERVERS[name].abilities]


def test_the_servers_of_a_scenario_that_names_none_are_among_those_there_are() -> None:
    assert set(DEFAULT_SERVERS) < set(server_names())
    assert server_names() == tuple(SERVERS)


@pytest.mark.parametrize("server", ALL)
def test_a_server_is_known_by_its_own_name_and_says_what_it_is_and_how_to_get_it(server: str) -> None:
    known = SERVERS[server]
    assert known.name == server
    assert known.summary
    if known.distribution is None:
        assert known.requires == ()
        return
    first, *packages = known.remedy.removeprefix("pip install ").partition(" (")[0].split()
    assert (first, tuple(packages)) == (known.distribution, known.requires)


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
@pytest.mark.parametrize("server", sorted(server.name for server in BUILT_IN))
def test_a_command_line_does_not_tell_where_the_app_is(server: str, profile: Settings) -> None:
    """Two runs are compared by it, and the reference of a baseline lies in another folder each time."""
    settings = replace(profile, directory="/srv/elsewhere")
    words = [word for part in SERVERS[server].blueprint(settings).parts for word in part.command]
    assert not [word for word in words if settings.directory in word]


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
@pytest.mark.parametrize("framework_app", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
@pytest.mark.parametrize("server", ALL)
def test_a_server_is_bound_to_its_address_and_to_nothing_else(
    server: str, host: str, framework_app: bool, profile: Settings
) -> None:
    address = Port(host, PORT)
    (part,) = described(server, replace(profile, framework_app=framework_app, address=address)).parts
    text = " ".join(part.command)
    assert host in text
    assert str(PORT) in text
    for elsewhere in {"0.0.0.0", "[::]", "localhost", "*:", "127.0.0.1", "127.0.0.2"} - {host}:
        assert elsewhere not in text
    assert "shop.web:app" in part.command
    assert (part.name, part.listens) == (server, address)


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
@pytest.mark.parametrize("server", able("unix"))
def test_a_server_that_can_listens_on_a_unix_socket_and_on_no_port(server: str, profile: Settings) -> None:
    (part,) = described(server, replace(profile, address=SOCKET)).parts
    assert SOCKET.path in " ".join(part.command)
    assert "127.0.0.1" not in " ".join(part.command)
    assert part.listens == SOCKET


@pytest.mark.parametrize("server", sorted(set(ALL) - set(able("unix"))))
def test_a_server_that_cannot_listen_on_a_unix_socket_is_not_described_there(server: str) -> None:
    with pytest.raises(TypeError, match="unix"):
        described(server, replace(SETTINGS, address=SOCKET))


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
@pytest.mark.parametrize("framework_app", [True, False])
@pytest.mark.parametrize("server", able("tls"))
def test_a_server_that_speaks_tls_is_given_its_certificate(
    server: str, framework_app: bool, profile: Settings
) -> None:
    plain = replace(profile, framework_app=framework_app)
    assert CERTIFICATE.key not in " ".join(words_of(server, plain))
    text = " ".join(words_of(server, replace(plain, tls=CERTIFICATE)))
    assert text.index(CERTIFICATE.certificate) < text.index(CERTIFICATE.key)


def test_what_each_server_can_that_not_all_can() -> None:
    assert able("tls") == ["flask", "granian", *GUNICORNS, "uwsgi", "uwsgi-http"]
    assert able("static") == ["granian", *UWSGIS]
    assert able("uwsgi") == ["uwsgi"]


@pytest.mark.parametrize("server", able("static"))
def test_a_server_that_can_serves_the_files(server: str) -> None:
    words = words_of(server, replace(SETTINGS, static=STATIC))
    assert not any(STATIC.folder in word for word in words_of(server))
    if server == "granian":
        assert has_words_of(words, "--static-path-route /static --static-path-mount /srv/shop/static")
    else:
        assert value_of(words, "--static-map") == "/static=/srv/shop/static"


@pytest.mark.parametrize("profile", [SETTINGS, SHIPPED])
@pytest.mark.parametrize("server", sorted(set(ALL) - {"bjoern"}))
def test_options_are_words_of_their_own_and_the_last_but_for_the_app(server: str, profile: Settings) -> None:
    given = ("--one; rm -rf $HOME", "two words", "`three`")
    words = [word for word in words_of(server, replace(profile, options=given)) if word != "shop.web:app"]
    assert tuple(words[-3:]) == given


def test_bjoern_which_has_no_options_refuses_them() -> None:
    with pytest.raises(InputError, match="no options"):
        described("bjoern", replace(SETTINGS, options=("--one",)))


@pytest.mark.parametrize(
    ("server", "processes", "threads", "keeps_alive"),
    [
        ("flask", 1, 16, False),
        ("gunicorn", 3, 5, True),
        ("gunicorn-sync", 3, 1, False),
        ("gunicorn-gevent", 3, 16, True),
        ("uwsgi", 3, 5, True),
        ("uwsgi-http", 3, 5, False),
        ("uwsgi-http11", 3, 5, True),
        ("waitress", 1, 15, True),
        ("granian", 3, 5, True),
        ("cheroot", 1, 15, True),
        ("bjoern", 1, 1, True),
        ("command", None, None, None),
    ],
)
def test_what_a_server_can_be_is_said_and_promised(
    server: str, processes: int | None, threads: int | None, keeps_alive: bool | None
) -> None:
    found = described(server, SETTINGS)
    assert (found.processes, found.threads, found.keeps_alive) == (processes, threads, keeps_alive)


@pytest.mark.parametrize(
    ("server", "processes", "threads", "keeps_alive", "started"),
    [
        ("flask", 1, 16, False, 1),
        ("gunicorn", 1, 1, False, 2),
        ("gunicorn-sync", 1, 1, False, 2),
        ("gunicorn-gevent", 1, 16, True, 2),
        ("uwsgi", 1, 1, False, 2),
        ("uwsgi-http", 1, 1, False, 1),
        ("uwsgi-http11", 1, 1, True, 1),
        ("waitress", 1, 4, True, 1),
        ("granian", 1, 512, True, 2),
        ("cheroot", 1, 10, None, 1),
        ("bjoern", 1, 1, True, 1),
    ],
)
def test_as_it_comes_a_server_is_what_it_is_by_default(
    server: str, processes: int, threads: int, keeps_alive: bool | None, started: int
) -> None:
    found = described(server, SHIPPED)
    assert (found.processes, found.threads, found.keeps_alive) == (processes, threads, keeps_alive)
    assert found.parts[0].processes == started


@pytest.mark.parametrize(
    ("server", "command"),
    [
        ("gunicorn", "shop.web:app --bind 127.0.0.1:23456 --no-control-socket"),
        ("gunicorn-sync", "shop.web:app --bind 127.0.0.1:23456 --no-control-socket"),
        (
            "gunicorn-gevent",
            "shop.web:app --bind 127.0.0.1:23456 --no-control-socket --worker-class gevent",
        ),
        ("waitress", "--listen=127.0.0.1:23456 shop.web:app"),
        ("granian", "--interface wsgi --host 127.0.0.1 --port 23456 shop.web:app"),
        ("cheroot", "--bind 127.0.0.1:23456 shop.web:app"),
        ("bjoern", "shop.web:app 127.0.0.1 23456"),
        (
            "flask",
            "--app shop.web:app --no-debug run --host 127.0.0.1 --port 23456 --no-reload --with-threads",
        ),
    ],
)
def test_as_it_comes_a_server_gets_only_what_it_cannot_do_without(server: str, command: str) -> None:
    python, option, code, *words = words_of(server, SHIPPED)
    assert (python, option) == ("python", "-c")
    assert " ".join(words) == command
    for changed in ("setLevel", "keep_alive_conn_limit", "TCP_NODELAY"):
        assert changed not in code


@pytest.mark.parametrize("server", UWSGIS)
def test_as_it_comes_uwsgi_has_no_master_and_still_ends_when_asked(server: str) -> None:
    words = words_of(server, SHIPPED)
    assert {"--die-on-term", "--no-orphans", "--need-app"} <= set(words)
    unset = {"--master", "--processes", "--threads", "--listen", "--disable-logging", "--tcp-nodelay"}
    assert not unset & set(words)
    assert "logs every request" in remarks_of(server, SHIPPED)


@pytest.mark.parametrize(
    ("server", "enough", "remark"),
    [
        ("waitress", 97, "above 97 wait"),
        ("granian", 1024, "above 1024 wait"),
        ("gunicorn-gevent", 1000, "no more than 1000 connections"),
        ("uwsgi-http11", 1, "all but 1 may have to wait"),
    ],
)
def test_a_default_that_is_too_low_for_the_load_is_told(server: str, enough: int, remark: str) -> None:
    assert remark not in remarks_of(server, replace(SHIPPED, connections=enough))
    assert remark in remarks_of(server, replace(SHIPPED, connections=enough + 1))
    assert remark not in remarks_of(server, replace(SETTINGS, connections=enough + 1))


@pytest.mark.parametrize("server", ["flask", "waitress", "cheroot", "bjoern"])
def test_a_server_of_one_process_says_so(server: str) -> None:
    assert described(server, SETTINGS).parts[0].processes == 1
    assert "one process" in remarks_of(server, SETTINGS)


@pytest.mark.parametrize(
    ("server", "beside_workers"),
    [
        *((name, 1) for name in (*GUNICORNS, "granian", "uwsgi-http", "uwsgi-http11")),
        ("uwsgi", 2),
    ],
)
def test_master_and_router_are_counted_beside_the_workers(server: str, beside_workers: int) -> None:
    (part,) = described(server, SETTINGS).parts
    assert part.processes == 3 + beside_workers


@pytest.mark.parametrize("server", ["flask", "gunicorn", "uwsgi", "bjoern", "cheroot"])
def test_an_app_made_by_a_call_is_named_as_it_is(server: str) -> None:
    assert "shop.web:create_app()" in words_of(server, replace(SETTINGS, app="shop.web:create_app()"))


@pytest.mark.parametrize(("server", "option"), [("granian", "--factory"), ("waitress", "--call")])
def test_an_app_made_by_a_call_is_named_with_an_option(server: str, option: str) -> None:
    words = words_of(server, replace(SETTINGS, app="shop.web:create_app()"))
    assert words[-2:] == (option, "shop.web:create_app")
    assert option not in words_of(server)
