"""What a deployment is called that has no name of its own: what it is, and what tells it from others."""

import re
from collections.abc import Iterator

from bench.scenario.server_choice import COMMAND, THREADS
from bench.scenario.texts import NAME
from bench.scenario.written import Settings, Written

_WORDS = {"True": "tls", "False": "plain"}


def name_of(settings: Settings, common: Settings) -> str | None:
    """The name of a server with these settings, of which `common` hold for all of the scenario.

    Without a `name` it is the server's, with all that is special about it: `gunicorn-behind-nginx`. What was
    chosen from a list is said in any case: `gunicorn-1x4`. None where there is nothing to call it by.
    """
    base = settings.get("name") or settings.get("server")
    if base is None or not isinstance(base.value, str):
        return None
    is_named = "name" in settings
    if not is_named and base.value == COMMAND:
        return None
    name = "-".join([base.value, *_size(settings), *_proxy(settings, is_named), *_rest(settings, common)])
    return name if re.search(NAME, name) else base.value


def _size(settings: Settings) -> Iterator[str]:
    """Processes x threads where one of them is listed; of one process for each core, the threads alone."""
    processes = settings.get("processes", Written(None, ("",)))
    threads = settings.get("threads", Written(THREADS, ("",)))
    if processes.is_of_a_list or threads.is_of_a_list:
        yield f"{threads.value}-threads" if processes.value is None else f"{processes.value}x{threads.value}"


def _proxy(settings: Settings, is_named: bool) -> Iterator[str]:
    behind = settings.get("behind")
    if behind is None or not isinstance(behind.value, dict):
        return
    in_full = behind.is_of_a_list or not is_named
    backends, over = behind.value.get("backends", 1), behind.value.get("over", "unix")
    if in_full:
        yield f"behind-{behind.value.get('proxy')}"
    if behind.lists("backends") or (in_full and backends != 1):
        yield str(backends)
    if behind.lists("over") or (in_full and over != "unix"):
        yield str(over)


def _rest(settings: Settings, common: Settings) -> Iterator[str]:
    """Encryption and profile, where they are listed, or not the scenario's and there is no other name."""
    for key in (key for key in ("tls", "profile") if key in settings):
        written = settings[key]
        is_special = "name" not in settings and written.value != common[key].value
        if written.is_of_a_list or is_special:
            yield _WORDS.get(str(written.value), str(written.value))
