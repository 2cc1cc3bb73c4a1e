"""The kinds of text a scenario holds: the pattern of each, and the words for it in a message.

The patterns are read by pydantic's regular expressions, Python's and an editor's, so they keep to what
all three mean alike: ASCII classes, no look-around.
"""

from typing import Annotated

from pydantic import Field

_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_DOTTED = rf"{_IDENTIFIER}(\.{_IDENTIFIER})*"
_SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
CALLABLE_REFERENCE = f"^{_DOTTED}:{_DOTTED}$"
APP_REFERENCE = rf"^{_DOTTED}:{_DOTTED}(\(\))?$"
VARIABLE_NAME = f"^{_IDENTIFIER}$"
HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
HEADER_VALUE = r"^[\t\x20-\x7e]*$"
COOKIE_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$"
COOKIE_VALUE = r"^[!#-+\x2d-:<-\[\]-~]*$"
PATH = r"^/([!$-.0-~][!$-~]*)?$"
ARGUMENT = r"^[^\x00]*$"
DURATION = r"^\s*[0-9]{1,18}(\.[0-9]{1,9})?\s*(ns|us|ms|s|m|h)\s*$"
RATE = r"^\s*[0-9]{1,9}(\.[0-9]{1,20})?\s*/\s*(s|min)\s*$"
PRECISION = r"^\s*[0-9]{1,3}(\.[0-9]{1,6})?\s*%\s*$"
LOCUSTFILE = r"^[^\x00-\x1f\x7f]+\.py$"
FILE_PATH = r"^[^\x00-\x1f\x7f]+$"
URL_PREFIX = rf"^/*{_SEGMENT}(/{_SEGMENT})*/*$"
SHA256 = r"^[0-9A-Fa-f]{64}$"

Name = Annotated[str, Field(pattern=NAME)]
CallableReference = Annotated[str, Field(pattern=CALLABLE_REFERENCE)]
AppReference = Annotated[str, Field(pattern=APP_REFERENCE)]
VariableName = Annotated[str, Field(pattern=VARIABLE_NAME)]
HeaderName = Annotated[str, Field(pattern=HEADER_NAME)]
HeaderValue = Annotated[str, Field(pattern=HEADER_VALUE)]
CookieName = Annotated[str, Field(pattern=COOKIE_NAME)]
CookieValue = Annotated[str, Field(pattern=COOKIE_VALUE)]
Path = Annotated[str, Field(pattern=PATH)]
Argument = Annotated[str, Field(pattern=ARGUMENT)]
LocustfilePath = Annotated[str, Field(pattern=LOCUSTFILE)]
FilePath = Annotated[str, Field(pattern=FILE_PATH)]
UrlPrefix = Annotated[str, Field(pattern=URL_PREFIX)]
Sha256 = Annotated[str, Field(pattern=SHA256)]

WHAT_AND_REMEDY = {
    NAME: (
        "must start with a letter or digit and go on with at most 62 letters, digits, dots, dashes or "
        "underscores",
        "it also names files, so it can hold neither spaces nor slashes",
    ),
    CALLABLE_REFERENCE: (
        "must name a module and what it holds, with a colon between",
        "write it as `package.module:attribute`",
    ),
    APP_REFERENCE: (
        "must name a module and what it holds, with a colon between",
        "write it as `package.module:attribute`, or `package.module:create_app()` where it is made by a call",
    ),
    VARIABLE_NAME: (
        "must be the name of an environment variable",
        "letters, digits and underscores, not starting with a digit",
    ),
    HEADER_NAME: ("must be the name of a header", "such as `Accept`, without spaces or a colon"),
    HEADER_VALUE: ("must be one line of ASCII text", "encode anything else"),
    COOKIE_NAME: ("must be the name of a cookie", "such as `session`, without spaces, commas or semicolons"),
    COOKIE_VALUE: (
        "must be ASCII text without spaces, quotes, commas, semicolons or backslashes",
        "encode anything else, such as `%20` for a space",
    ),
    PATH: (
        "must be a path that starts with one slash, without spaces, `#` or quotes",
        "write only the path, such as `/json`: only deployments on loopback are asked, never another host",
    ),
    ARGUMENT: ("must be text without a NUL character", "no program can be given one"),
    LOCUSTFILE: (
        "must be the path of a Python file",
        "write it relative to the scenario file, such as `flows.py`",
    ),
    FILE_PATH: ("must be the path of a file", "write it relative to the scenario file"),
    URL_PREFIX: (
        "must be the path that URLs start with, of letters, digits, dots, dashes and underscores",
        "such as `/static/`; files are served below it, never at the top",
    ),
    SHA256: ("must be a SHA-256: 64 hexadecimal digits", "as `sha256sum` prints it"),
}
