"""Short forms of a scenario's parts, turned into the full ones: plain data in, plain data out.

What is neither a short form nor a full one is handed on as it is; validation says what is wrong with it.
"""

import re
from typing import Any

_REQUEST_LINE = re.compile(r"([A-Za-z]+)\s+(\S.*)")


def one_or_many(value: Any) -> Any:
    """A list of one for anything that is not a list."""
    return value if isinstance(value, list | tuple) else [value]


def request(value: Any) -> Any:
    """`{method: GET, path: /json}` for `GET /json`, and `{path: /json}` for `/json`."""
    if not isinstance(value, str):
        return value
    match = _REQUEST_LINE.fullmatch(value.strip())
    return {"method": match[1], "path": match[2]} if match else {"path": value.strip()}


def expected_header(value: Any) -> Any:
    """`{equal: text/html}` for `text/html`."""
    return {"equal": value} if isinstance(value, str) else value
