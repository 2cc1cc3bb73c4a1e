"""The wheel: all of bench, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repository.files import ROOT, kept_files


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_every_file_of_bench_and_only_those(names: set[str]) -> None:
    package = {name for name in names if ".dist-info/" not in name}
    assert package == {
        str(path.relative_to(ROOT)) for path in kept_files() if path.is_relative_to(ROOT / "bench")
    }


@pytest.mark.parametrize("name", ["bench/py.typed", "bench/report/templates/report.html.j2"])
def test_wheel_holds_what_is_not_python(names: set[str], name: str) -> None:
    assert name in names


def test_wheel_holds_the_licence(names: set[str]) -> None:
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE"}
