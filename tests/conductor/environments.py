"""Virtual environments with some of our packages, made without an index."""

import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from venv import EnvBuilder

FLASK = ("flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker")


def make_environment(folder: Path, distributions: Iterable[str], *, waitress: str | None = None) -> Path:
    """A virtual environment with these distributions of ours, and waitress as if of this version.

    Returns the path of its Python. Their commands are not there.
    """
    EnvBuilder(symlinks=True).create(folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    for name in distributions:
        _link(name, packages)
    if waitress is not None:
        (packages / "waitress").symlink_to(Path(sysconfig.get_path("purelib"), "waitress"))
        claim(packages, "waitress", waitress)
    return folder / "bin" / "python"


def claim(packages: Path, name: str, version: str) -> None:
    """Have the folder of packages say that it holds this distribution."""
    about = packages / f"{name}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def _link(name: str, packages: Path) -> None:
    """Link whatever the distribution has beside other packages: its modules and what tells of it."""
    for top in {file.parts[0] for file in distribution(name).files or ()} - {"..", "__pycache__"}:
        (packages / top).symlink_to(Path(str(distribution(name).locate_file(top))))
