"""The servers of a scenario in their full form, one for each deployment, and where each setting is written.

Plain data in, plain data out: `{gunicorn: {workers: [1, 2]}}` is two choices, each with the places in the
file that its parts come from. What is no form of a server is handed on as it is; validation says what is
wrong with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from bench.scenario.deployment_names import name_of
from bench.scenario.mistakes import KEY, Location
from bench.scenario.server_choice import COMMAND, DEFAULT_PROFILE, PROFILES, WORKERS, ServerChoice
from bench.scenario.written import Settings, Written

MOST_DEPLOYMENTS = 64
DEFAULT_SERVERS = ("flask", "gunicorn", "gunicorn-sync", "uwsgi", "waitress")

LISTS = ("processes", "threads", "behind", "tls")
LISTS_OF_A_PROXY = ("backends", "over")
"""The settings that may be lists of what is to be tried, the first varying least; `profile` before them."""

_KEYS = (frozenset(ServerChoice.model_fields) | {WORKERS}) - {COMMAND}
_SIZES = ("processes", "threads")


@dataclass(frozen=True)
class Choice:
    """A server in full form as plain data, the settings it is made of, and where the whole is written."""

    data: Any
    settings: Settings
    at: Location

    def place(self, location: Location) -> Location:
        """Where in the file that is written which the full form has at this location."""
        written = self.settings.get(str(location[0])) if location else None
        return self.at if written is None else written.place(location[1:])


def choices(scenario: Mapping[str, Any]) -> list[Choice]:
    """The server choices of a scenario; of more than there may be, only the first that are too many."""
    common = _common(scenario)
    entries = _entries(scenario.get("servers", list(DEFAULT_SERVERS)), ("servers",))
    every = (choice for entry in entries for choice in _expanded(entry, common))
    return list(islice(every, MOST_DEPLOYMENTS + 1))


def _common(scenario: Mapping[str, Any]) -> Settings:
    """What holds for every server that does not say its own; what is wrong there is told there."""
    profile, tls = scenario.get("profile"), scenario.get("tls")
    listed = profile if isinstance(profile, list | tuple) else [profile]
    usable = bool(listed) and all(one in PROFILES for one in listed)
    return {
        "tls": Written(tls if isinstance(tls, bool) else False, ("tls",)),
        "profile": Written(profile if usable else DEFAULT_PROFILE, ("profile",)),
    }


def _entries(servers: Any, at: Location) -> Iterator[Choice]:
    """Each server with its settings as they are written, those with lists too."""
    if isinstance(servers, list | tuple):
        for place, entry in enumerate(servers):
            yield _entry(entry, (*at, place))
    elif isinstance(servers, dict) and not _is_full(servers):
        for server, settings in servers.items():
            yield _named(server, settings, at)
    else:
        yield _entry(servers, at)


def _is_full(entry: dict[str, Any]) -> bool:
    """Whether one of its keys says what the server is."""
    return "server" in entry or not isinstance(entry.get(COMMAND), dict | None)


def _entry(entry: Any, at: Location) -> Choice:
    if isinstance(entry, str):
        return Choice(entry, {"server": Written(entry, at)}, at)
    if not isinstance(entry, dict):
        return Choice(entry, {}, at)
    if len(entry) == 1 and not _is_full(entry):
        return _named(*next(iter(entry.items())), at)
    return Choice(entry, _settings(entry, at), at)


def _named(server: str, settings: Any, at: Location) -> Choice:
    """The form `gunicorn: {threads: 8}`, which stands where its key does."""
    entry, key = {server: settings}, (*at, server, KEY)
    if server in _KEYS:
        return Choice(entry, _settings(entry, at), key)
    if settings is None:
        return Choice(entry, {"server": Written(server, key)}, key)
    if not isinstance(settings, dict) or "server" in settings:
        return Choice(entry, {}, key)
    return Choice(entry, {**_settings(settings, (*at, server)), "server": Written(server, key)}, key)


def _settings(entry: dict[str, Any], at: Location) -> Settings:
    settings = {key: Written(value, (*at, key)) for key, value in entry.items()}
    if WORKERS in settings and "processes" not in settings:
        settings["processes"] = settings.pop(WORKERS)
    if COMMAND in settings and "server" not in settings:
        settings["server"] = Written(COMMAND, (*at, COMMAND, KEY))
    return settings


def _expanded(entry: Choice, common: Settings) -> Iterator[Choice]:
    """A choice for every combination of what is listed in the entry."""
    if not entry.settings:
        yield entry
        return
    for settings in _by_profile({**_shared(entry, common), **entry.settings}):
        keys = [key for key in LISTS if key in settings]
        each = (islice(_each(key, settings[key]), MOST_DEPLOYMENTS + 1) for key in keys)
        for chosen in product(*each):
            yield _choice({**settings, **dict(zip(keys, chosen, strict=True))}, common, entry.at)


def _shared(entry: Choice, common: Settings) -> Settings:
    """What of the scenario's holds for the entry: a command is as it is written, so it has no profile."""
    server = entry.settings.get("server")
    is_command = server is not None and server.value == COMMAND
    return {key: written for key, written in common.items() if not (is_command and key == "profile")}


def _by_profile(settings: Settings) -> Iterator[Settings]:
    """The settings for each profile; beside `equal`, `shipped` is not multiplied by the sizes of that."""
    if "profile" not in settings:
        yield settings
        return
    profiles = list(settings["profile"].each())
    for profile in profiles:
        without = _SIZES if profile.value == "shipped" and len(profiles) > 1 else ()
        yield {key: written for key, written in settings.items() if key not in without} | {"profile": profile}


def _each(key: str, written: Written) -> Iterator[Written]:
    for one in written.each():
        yield from _proxies(one) if key == "behind" else (one,)


def _proxies(behind: Written) -> Iterator[Written]:
    """The full form of `behind: nginx`, and every combination of what is listed in a proxy's settings."""
    if isinstance(behind.value, str):
        yield Written({"proxy": behind.value}, behind.at, {"proxy": behind.at})
    elif isinstance(behind.value, dict):
        parts = {key: Written(value, (*behind.at, key)) for key, value in behind.value.items()}
        keys = [key for key in LISTS_OF_A_PROXY if key in parts]
        for chosen in product(*(parts[key].each() for key in keys)):
            one = {**parts, **dict(zip(keys, chosen, strict=True))}
            yield Written(
                {key: part.value for key, part in one.items()},
                behind.at,
                {key: part.at for key, part in one.items()},
            )
    else:
        yield behind


def _choice(settings: Settings, common: Settings, at: Location) -> Choice:
    data = {key: written.value for key, written in settings.items()}
    name = name_of(settings, common)
    return Choice(data if name is None else {**data, "name": name}, settings, at)
