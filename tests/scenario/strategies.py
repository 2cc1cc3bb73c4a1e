"""What a scenario file may hold: data that is right, in short and full forms, and data that is nearly so."""

import io
import sys
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from bench.scenario.model import DEFAULT_SERVERS

SERVERS = (*DEFAULT_SERVERS, "command")
LOCUSTFILE = "flows.py"  # beside every scenario that is read

Data = st.SearchStrategy[Any]

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
DOTTED = st.lists(IDENTIFIERS, min_size=1, max_size=3).map(".".join)
CALLABLES = st.tuples(DOTTED, DOTTED).map(":".join)
APPS = CALLABLES | CALLABLES.map("{}()".format)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True)
PATHS = st.from_regex(r"/([!$-.0-~][!$-~]{0,20})?", fullmatch=True)
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
BODIES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HEADERS = st.dictionaries(
    st.from_regex(r"X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True),
    st.from_regex(r"[\t\x20-\x7e]{0,12}", fullmatch=True),
    max_size=3,
)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        BODIES,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(BODIES, inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def durations(least_ms: int, most_ms: int) -> Data:
    return st.integers(least_ms, most_ms).flatmap(
        lambda ms: st.sampled_from([f"{ms}ms", f"{ms * 1000} us", f"{ms // 1000}.{ms % 1000:03}s"])
    )


PYTHONS = st.none() | st.just(sys.executable)  # the only one that is surely there
COMMAND_LINES = st.sampled_from(["pip install -r 'my requirements.txt'", "make"])
PROGRAMS = ARGUMENTS.filter(lambda text: text != "" and not text.startswith("-"))
ARGUMENT_LISTS = st.tuples(PROGRAMS, st.lists(ARGUMENTS, max_size=2)).map(lambda pair: [pair[0], *pair[1]])
SETUPS = COMMAND_LINES | st.lists(COMMAND_LINES | ARGUMENT_LISTS, max_size=3)


def one_or_list(of: Data) -> Data:
    """One of these, or a list of such, each there once."""
    return of | st.lists(of, min_size=1, max_size=3, unique_by=repr)


PROCESSES, THREADS = one_or_list(st.none() | st.integers(1, 256)), one_or_list(st.integers(1, 1024))
PROXIES = st.just("nginx") | st.fixed_dictionaries(
    {"proxy": st.just("nginx")},
    optional={
        "over": one_or_list(st.sampled_from(["unix", "tcp"])),
        "backends": one_or_list(st.integers(1, 64)),
    },
)
PROFILES = st.sampled_from(["equal", "shipped"])
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "behind": st.none() | PROXIES | st.lists(st.none() | PROXIES, min_size=1, max_size=2),
        "tls": one_or_list(st.booleans()),
        "port": st.none() | st.integers(1024, 65535),
        "options": st.lists(ARGUMENTS, max_size=3),
        "python": PYTHONS,
    },
).flatmap(
    lambda settings: st.one_of(
        st.fixed_dictionaries(
            {}, optional={"processes": PROCESSES, "threads": THREADS, "profile": st.just("equal")}
        ),
        st.fixed_dictionaries({}, optional={"workers": PROCESSES, "profile": st.just(["shipped", "equal"])}),
        st.fixed_dictionaries({"profile": st.just("shipped")}),
    ).map(lambda others: settings | others)
)
SERVER_NAMES = st.sampled_from(DEFAULT_SERVERS)
COMMANDS = st.fixed_dictionaries(
    {
        "command": st.sampled_from(["hyper --at {host}:{port}", ["x", "{port}", "{host}{folder}", "{0} &"]]),
        "name": NAMES,
    },
    optional={
        "processes": st.integers(1, 256),
        "behind": PROXIES,
        "tls": st.booleans(),
        "keep_alive": st.none() | st.booleans(),
        "python": PYTHONS,
    },
)
FULL_SERVERS = st.tuples(SERVER_NAMES, SETTINGS).map(lambda pair: {"server": pair[0], **pair[1]})
NAMED_SERVERS = st.dictionaries(SERVER_NAMES, st.none() | SETTINGS, min_size=1, max_size=4)
ONE_NAMED_SERVER = st.dictionaries(SERVER_NAMES, st.none() | SETTINGS, min_size=1, max_size=1)
SERVER_LISTS = (
    SERVER_NAMES
    | FULL_SERVERS
    | NAMED_SERVERS
    | COMMANDS
    | st.lists(SERVER_NAMES | FULL_SERVERS | ONE_NAMED_SERVER | COMMANDS, min_size=1, max_size=4)
)

COOKIES = st.dictionaries(
    st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True),
    st.from_regex(r"[!#-+\x2d-:<-\[\]-~]{0,12}", fullmatch=True),
    max_size=3,
)
HEADER_VALUES = st.from_regex(r"[\t\x20-\x7e]{0,12}", fullmatch=True)
JSON_PATHS = st.lists(
    IDENTIFIERS.map(".{}".format) | st.integers(-9, 9).map("[{}]".format) | st.just("[*]"), max_size=3
).map(lambda steps: "$" + "".join(steps))
BODY_CHECKS = st.fixed_dictionaries(
    {},
    optional={
        "equal": BODIES,
        "contains": BODIES | st.lists(BODIES, min_size=1, max_size=2),
        "json": st.dictionaries(JSON_PATHS, JSON, min_size=1, max_size=2),
        "sha256": st.from_regex(r"[0-9a-fA-F]{64}", fullmatch=True),
    },
).filter(bool)
EXPECTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.integers(100, 599),
        "body": st.sampled_from(["same", "any"]) | BODY_CHECKS,
        "headers": st.dictionaries(
            st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True),
            HEADER_VALUES
            | st.fixed_dictionaries({"equal": HEADER_VALUES})
            | st.fixed_dictionaries({"contains": HEADER_VALUES}),
            max_size=2,
        ),
    },
)

DURATION_LIMITS = durations(1, 3_600_000)
SHARES = st.integers(0, 100).map("{}%".format) | st.floats(0, 100).map("{:.6f} %".format)
SIZES = st.integers(1, 10**6).map("{}MB".format) | st.floats(0.001, 1e5).map("{:.6f} GB".format)
REQUIREMENTS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("p50", "p90", "p99", "p99_9", "cpu"), DURATION_LIMITS),
        "goodput": st.integers(1, 10**6).map("{}/s".format),
        "errors": SHARES,
        "memory": SIZES,
    },
)


def requests(**more: Data) -> Data:
    """Requests in full form, with these further keys where they are wanted."""
    return st.fixed_dictionaries(
        {"path": PATHS},
        optional={"method": METHODS, "headers": HEADERS, "cookies": COOKIES, "expect": EXPECTATIONS, **more},
    ).flatmap(
        lambda request: st.one_of(
            st.just(request),
            BODIES.map(lambda body: {**request, "body": body}),
            JSON.map(lambda body: {**request, "json": body}),
        )
    )


REQUEST_LINES = PATHS | st.tuples(METHODS, PATHS).map(" ".join)
PARTS_OF_MIXES = REQUEST_LINES | requests(weight=st.integers(1, 1000))
MIXES = st.fixed_dictionaries(
    {
        "name": NAMES.filter(lambda name: not name.endswith(".py")),
        "mix": PARTS_OF_MIXES | st.lists(PARTS_OF_MIXES, min_size=1, max_size=3),
    },
    optional={"require": REQUIREMENTS},
)
ONE_REQUEST = REQUEST_LINES | requests(require=REQUIREMENTS) | MIXES
REQUEST_LISTS = ONE_REQUEST | st.lists(ONE_REQUEST, min_size=1, max_size=3)


def _with_launches_enough(measure: dict[str, Any]) -> dict[str, Any]:
    """A run that ends when it is precise enough needs eight launches to know."""
    if measure.get("until") is not None and "launches" in measure:
        measure["launches"] = max(8, measure["launches"])
    return measure


CONNECTIONS = st.integers(1, 10_000)
RATES = st.one_of(
    st.integers(1, 10**6).map("{}/s".format),
    st.integers(1, 10**6).map("{} / min".format),
    st.floats(0.5, 1e6).map("{:.6f}/s".format),
)
LOADS = st.one_of(
    st.fixed_dictionaries({}, optional={"connections": CONNECTIONS}),
    st.fixed_dictionaries(
        {"rate": RATES},
        optional={"arrivals": st.sampled_from(["constant", "poisson"]), "connections": CONNECTIONS},
    ),
    st.fixed_dictionaries({"locustfile": st.just(LOCUSTFILE)}, optional={"users": CONNECTIONS}),
)
MEASURES = st.fixed_dictionaries(
    {},
    optional={
        "for": durations(1_000, 86_400_000),
        "launches": st.integers(1, 100),
        "until": st.none() | st.integers(1, 50).map("{}%".format) | st.just("0.5 %"),
        "slice": st.none() | durations(5, 60_000),
        "start_timeout": durations(1_000, 3_600_000),
        "response_timeout": durations(10, 600_000),
        "seed": st.none() | st.integers(0, 2**63 - 1),
        "generators": st.integers(1, 64),
        "interleave": st.sampled_from(["slices", "rounds"]),
    },
).map(_with_launches_enough)

# Right as far as each value goes; names, ports, requests and loads may still be there twice.
SCENARIOS = st.fixed_dictionaries(
    {"app": APPS},
    optional={
        "floor": st.none() | CALLABLES,
        "directory": st.just("."),
        "python": PYTHONS,
        "setup": SETUPS,
        "teardown": SETUPS,
        "static": st.none()
        | st.fixed_dictionaries(
            {"folder": st.just(".")}, optional={"prefix": st.sampled_from(["/static/", "assets/v1"])}
        ),
        "tls": st.booleans(),
        "environment": st.dictionaries(IDENTIFIERS, ARGUMENTS, max_size=3),
        "servers": SERVER_LISTS,
        "requests": REQUEST_LISTS,
        "load": LOADS | st.lists(LOADS, min_size=1, max_size=3),
        "measure": MEASURES,
        "require": REQUIREMENTS,
    },
)


@st.composite
def nearly_right(draw: st.DrawFn) -> Any:
    """A scenario of which one value, somewhere, is replaced by any other."""
    data = draw(SCENARIOS)
    return _with_one_replaced(draw, data)


def _with_one_replaced(draw: st.DrawFn, data: Any) -> Any:
    if isinstance(data, dict) and data and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(data)))
        return {**data, key: _with_one_replaced(draw, data[key])}
    if isinstance(data, list) and data and draw(st.booleans()):
        place = draw(st.integers(0, len(data) - 1))
        return [*data[:place], _with_one_replaced(draw, data[place]), *data[place + 1 :]]
    return draw(JSON)


def written(data: Any) -> str:
    """The data as YAML; in blocks and long lines, for the library spoils some texts it folds or inlines."""
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_unicode = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # declared as None
    yaml.width = 2**20
    yaml.default_flow_style = False
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
