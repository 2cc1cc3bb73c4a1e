"""The few variables of ours that a child process is given: secrets in ours stay in ours."""

import os

_PASSED_ON = ("HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "TZ")


def passed_on() -> dict[str, str]:
    """The variables of ours that tell a child nothing but where and in which language it runs."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
