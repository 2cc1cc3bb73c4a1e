"""Settings for every server, and what a blueprint made of them says."""

from dataclasses import replace

from bench.servers import SERVERS, Blueprint, Certificate, Port, Settings, StaticFiles, UnixSocket

GUNICORNS = ["gunicorn", "gunicorn-gevent", "gunicorn-sync"]
UWSGIS = ["uwsgi", "uwsgi-http", "uwsgi-http11"]
PORT = 23_456
SETTINGS = Settings(
    app="shop.web:app",
    version="99.0",
    framework_app=True,
    address=Port("127.0.0.1", PORT),
    folder="/run/deployment",
    directory="/srv/shop",
    python="/srv/shop/.venv/bin/python",
    processes=3,
    threads=5,
    connections=16,
    at_once=16,
    cores=2,
    command=("serve", "--at={host}:{port}", "--state", "{folder}/state", "shop.web:app", '{"json": true}'),
)
SHIPPED = replace(SETTINGS, profile="shipped")
SOCKET = UnixSocket("/run/deployment/backend-1.sock")
CERTIFICATE = Certificate("/run/deployment/certificate.pem", "/run/deployment/key.pem")
STATIC = StaticFiles("/static/", "/srv/shop/static")


def described(server: str, settings: Settings) -> Blueprint:
    return SERVERS[server].blueprint(settings)


def words_of(server: str, settings: Settings = SETTINGS) -> tuple[str, ...]:
    (part,) = described(server, settings).parts
    return part.command


def remarks_of(server: str, settings: Settings) -> str:
    return "; ".join(described(server, settings).remarks)


def value_of(words: tuple[str, ...], option: str) -> str:
    """What an option is set to, written as one word or as two."""
    joined = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return joined[0] if joined else words[words.index(option) + 1]


def has_words_of(words: tuple[str, ...], command: str) -> bool:
    """Whether these words stand in the command line, in this order and next to each other."""
    wanted = tuple(command.split())
    return any(words[place : place + len(wanted)] == wanted for place in range(len(words)))
