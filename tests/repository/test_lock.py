"""The lock files: complete, hashed, and free of anything that belongs to one machine."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository.files import PROJECT, ROOT

BUILT_FROM_SOURCE = ["uwsgi", "bjoern", "apache"]
LOCKS = ["requirements.lock", *(f"requirements-{name}.lock" for name in BUILT_FROM_SOURCE)]
PINNED = re.compile(
    r"([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)(?: ; [^\\]+)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def locked(name: str) -> dict[str, Version]:
    text = (ROOT / name).read_text()
    return {canonicalize_name(found[1]): Version(found[2]) for found in PINNED.finditer(text)}


def declared_for_wheels() -> list[str]:
    groups = PROJECT["dependency-groups"]
    build_backend = PROJECT["build-system"]["requires"]
    servers = PROJECT["project"]["optional-dependencies"]["servers"]
    return [*PROJECT["project"]["dependencies"], *servers, *groups["dev"], *groups["build"], *build_backend]


def declared_as(extra: str) -> list[str]:
    return [*PROJECT["project"]["optional-dependencies"][extra]]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_nothing_but_pinned_and_hashed_packages(name: str) -> None:
    text = (ROOT / name).read_text()
    rest = re.sub(r"^ *#.*\n", "", PINNED.sub("", text), flags=re.MULTILINE)
    assert rest == ""


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_place_to_download_from(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|^-|\s/\w|--(?!hash=)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("requirements.lock", declared_for_wheels()),
        *((f"requirements-{name}.lock", declared_as(name)) for name in BUILT_FROM_SOURCE),
    ],
)
def test_lock_satisfies_every_declared_dependency(name: str, declared: list[str]) -> None:
    versions = locked(name)
    unsatisfied = [
        requirement
        for requirement in map(Requirement, declared)
        if canonicalize_name(requirement.name) not in versions
        or versions[canonicalize_name(requirement.name)] not in requirement.specifier
    ]
    assert unsatisfied == [], "run `make lock`"
