import pytest

from bench.scenario.model import DEFAULT_SERVERS
from bench.servers import SERVERS, Blueprint, Settings, server_names

ALL = sorted(SERVERS)
PORT = 23_456


def blueprint(server: str, *, framework_app: bool = True, connections: int = 16,
              options: tuple[str, ...] = (), version: str = "99.0") -> Blueprint:  # fmt: skip
    return SERVERS[server].blueprint(
        Settings(
            app="shop.web:app",
            version=version,
            framework_app=framework_app,
            port=PORT,
            processes=3,
            threads=5,
            connections=connections,
            at_once=connections,
            options=options,
        )
    )


def command(server: str, *, framework_app: bool = True, version: str = "99.0") -> tuple[str, ...]:
    (part,) = blueprint(server, framework_app=framework_app, version=version).parts
    return part.command


def value_of(words: tuple[str, ...], option: str) -> str:
    """What an option is set to, written as one word or as two."""
    joined = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return joined[0] if joined else words[words.index(option) + 1]


def test_the_servers_there_are_by_default_are_all_there_are() -> None:
    assert server_names() == DEFAULT_SERVERS


@pytest.mark.parametrize("server", ALL)
def test_a_server_is_known_by_its_own_name_and_says_what_it_is_and_how_to_get_it(server: str) -> None:
    assert SERVERS[server].name == server
    assert "pip install " in SERVERS[server].remedy
    assert SERVERS[server].summary
    assert SERVERS[server].distribution


@pytest.mark.parametrize("framework_app", [True, False])
@pytest.mark.parametrize("server", ALL)
def test_a_server_is_bound_to_its_port_on_loopback_and_to_nothing_else(
    server: str, framework_app: bool
) -> None:
    words = command(server, framework_app=framework_app)
    text = " ".join(words)
    assert "127.0.0.1" in text
    assert str(PORT) in text
    for elsewhere in ("0.0.0.0", "[::]", "localhost", "*:"):
        assert elsewhere not in text
    assert "shop.web:app" in words


@pytest.mark.parametrize("server", ALL)
def test_options_are_words_of_their_own_and_the_last_but_for_the_app(server: str) -> None:
    given = ("--one; rm -rf $HOME", "two words", "`three`")
    (part,) = blueprint(server, options=given).parts
    words = [word for word in part.command if word != "shop.web:app"]
    assert tuple(words[-3:]) == given


@pytest.mark.parametrize(
    ("server", "processes", "threads", "keeps_alive"),
    [
        ("flask", 1, 16, False),
        ("gunicorn", 3, 5, True),
        ("gunicorn-sync", 3, 1, False),
        ("uwsgi", 3, 5, True),
        ("waitress", 1, 15, True),
    ],
)
def test_what_a_server_can_be_is_said_and_promised(
    server: str, processes: int, threads: int, keeps_alive: bool
) -> None:
    described = blueprint(server)
    assert (described.processes, described.threads) == (processes, threads)
    assert described.keeps_alive is keeps_alive


@pytest.mark.parametrize("server", ["flask", "waitress"])
def test_a_server_of_one_process_says_so(server: str) -> None:
    described = blueprint(server)
    assert described.parts[0].processes == 1
    assert "one process" in " ".join(described.remarks)


@pytest.mark.parametrize(("server", "beside_workers"), [("gunicorn", 1), ("gunicorn-sync", 1), ("uwsgi", 2)])
def test_master_and_router_are_counted_beside_the_workers(server: str, beside_workers: int) -> None:
    (part,) = blueprint(server).parts
    assert part.processes == 3 + beside_workers


def test_the_dev_server_runs_without_debugger_reloader_and_request_log() -> None:
    words = command("flask")
    assert {"--no-debug", "--no-reload", "--with-threads"} <= set(words)
    assert "getLogger('werkzeug').setLevel('ERROR')" in words[2]


@pytest.mark.parametrize("version", ["1.1.4", "2.1.3", "2.1.99rc1", "a fork"])
def test_before_its_2_2_the_dev_server_is_told_the_same_by_variables(version: str) -> None:
    (part,) = blueprint("flask", version=version).parts
    assert part.environment == {"FLASK_APP": "shop.web:app", "FLASK_DEBUG": "0"}
    assert not {"--app", "--no-debug"} & set(part.command)
    (newer,) = blueprint("flask", version="2.2").parts
    assert newer.environment == {}
    assert newer.command.index("--no-debug") < newer.command.index("run")  # until 2.2.3 only there


def test_the_floor_under_the_dev_server_is_served_the_same_way() -> None:
    words = command("flask", framework_app=False)
    assert "run_simple('127.0.0.1'" in words[2]
    assert "threaded=True" in words[2]
    assert "use_reloader" not in words[2]
    assert "getLogger('werkzeug').setLevel('ERROR')" in words[2]


def test_gunicorn_has_threads_keeps_connections_and_caps_none_of_them() -> None:
    words = command("gunicorn")
    assert value_of(words, "--worker-class") == "gthread"
    assert value_of(words, "--workers") == "3"
    assert value_of(words, "--threads") == "5"
    assert value_of(words, "--keep-alive") == "75"
    assert value_of(words, "--backlog") == "2048"
    assert value_of(words, "--worker-tmp-dir") == "/dev/shm"
    (part,) = blueprint("gunicorn", connections=9_000).parts
    assert int(value_of(part.command, "--worker-connections")) >= 9_000 + 5


@pytest.mark.parametrize("server", ["gunicorn", "gunicorn-sync"])
def test_the_control_socket_is_switched_off_where_gunicorn_has_one(server: str) -> None:
    for version in ("25.1", "25.1.0", "25.1.0rc1", "25.10.2", "26.0.0"):
        assert "--no-control-socket" in command(server, version=version)
    for version in ("20.1.0", "25.0.3", "9.99", "a fork"):
        assert "--no-control-socket" not in command(server, version=version)


def test_gunicorn_runs_in_the_python_it_is_given_and_finds_itself_before_the_app() -> None:
    words = command("gunicorn")
    assert words[:2] == ("python", "-c")
    assert words[2].index("sys.path[:] = ") < words[2].index("import run")


def test_gunicorn_sync_has_workers_only() -> None:
    words = command("gunicorn-sync")
    assert value_of(words, "--worker-class") == "sync"
    assert value_of(words, "--workers") == "3"
    assert "--threads" not in words
    assert "--keep-alive" not in words


def test_uwsgi_keeps_connections_through_its_router_and_ends_when_asked() -> None:
    words = command("uwsgi")
    assert value_of(words, "--http") == f"127.0.0.1:{PORT}"
    assert value_of(words, "--http-keepalive") == "75"
    assert value_of(words, "--processes") == "3"
    assert value_of(words, "--threads") == "5"
    assert 0 < int(value_of(words, "--listen")) <= 1024
    assert {
        "--master", "--die-on-term", "--no-orphans", "--need-app", "--single-interpreter",
        "--disable-logging", "--tcp-nodelay",
    } <= set(words)  # fmt: skip


def test_waitress_has_as_many_threads_as_the_others_in_all_and_room_for_every_connection() -> None:
    words = command("waitress")
    assert value_of(words, "--listen") == f"127.0.0.1:{PORT}"
    assert value_of(words, "--threads") == "15"
    assert value_of(words, "--channel-timeout") == "75"
    assert "--asyncore-use-poll" in words
    assert "getLogger('waitress.queue').setLevel('ERROR')" in words[2]
    for connections in (1, 64, 5_000):
        (part,) = blueprint("waitress", connections=connections).parts
        assert int(value_of(part.command, "--connection-limit")) >= max(100, 2 * connections)
