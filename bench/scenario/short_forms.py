"""Short forms of a scenario's parts, turned into the full ones: plain data in, plain data out.

What is neither a short form nor a full one is handed on as it is; validation says what is wrong with it.
"""

import re
from collections.abc import Container
from typing import Any

from bench.scenario.mistakes import Mistake, quoted, refused

_REQUEST_LINE = re.compile(r"([A-Za-z]+)\s+(\S.*)")


def one_or_many(value: Any) -> Any:
    """A list of one for anything that is not a list."""
    return value if isinstance(value, list | tuple) else [value]


def server_list(value: Any) -> Any:
    """The list of servers for a mapping of servers to their settings, and for a single server."""
    if isinstance(value, dict) and "server" not in value:
        return [{server: settings} for server, settings in value.items()]
    return one_or_many(value)


def server_choice(value: Any, fields: Container[str]) -> Any:
    """`{server: gunicorn, threads: 8}` for `gunicorn: {threads: 8}`, and likewise for `gunicorn` alone.

    `fields` are the keys of the full form. Raises a mistake where the settings are none.
    """
    if isinstance(value, str):
        return {"server": value}
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((server, settings),) = value.items()
    if server in fields:
        return value
    if settings is None:
        return {"server": server}
    if not isinstance(settings, dict):
        raise refused(Mistake(f"{quoted(server)} must have a mapping of settings", "such as `{threads: 8}`"))
    if "server" in settings:
        raise refused(Mistake("the server is named twice", f"leave out `server:` below {quoted(server)}"))
    return {"server": server, **settings}


def request(value: Any) -> Any:
    """`{method: GET, path: /json}` for `GET /json`, and `{path: /json}` for `/json`."""
    if not isinstance(value, str):
        return value
    match = _REQUEST_LINE.fullmatch(value.strip())
    return {"method": match[1], "path": match[2]} if match else {"path": value.strip()}


def expected_header(value: Any) -> Any:
    """`{equal: text/html}` for `text/html`."""
    return {"equal": value} if isinstance(value, str) else value
