"""Exports of a run as files: where each goes."""

from dataclasses import dataclass
from pathlib import Path

from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.errors import InputError
from bench.export.formats import FORMATS
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Summary


@dataclass(frozen=True)
class Export:
    """A format that is wanted, and where: a file, a folder, or `-` for standard output."""

    format: str
    where: str

    def files(self) -> dict[str, str]:
        """The path of each file of the format, by the file's own name. Raises InputError.

        A format of one file is written to the file that was named, or into the folder; one of several, and
        what ends with a slash, into a folder.
        """
        names = list(FORMATS[self.format].files)
        if len(names) == 1 and not self._is_folder():
            return {names[0]: self.where}
        if self.where == STANDARD_OUTPUT:
            raise InputError(
                f"{self.format} is {len(names)} files, which standard output cannot hold",
                f"name a folder for {' and '.join(names)}, such as `exports/`",
            )
        return {name: str(Path(self.where) / name) for name in names}

    def make_room(self) -> None:
        """Make the folder where one is needed, and raise InputError where a file could not be written."""
        for path in self.files().values():
            if path != self.where:
                _make_folder(Path(self.where))
            require_writable(path)

    def write(self, summary: Summary, check: CheckSummary | None) -> None:
        """Write the files of the format. Raises InputError."""
        self.make_room()
        for name, path in self.files().items():
            write_output(path, FORMATS[self.format].files[name](summary, check))

    def _is_folder(self) -> bool:
        return self.where.endswith("/") or Path(self.where).is_dir()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {folder}: {(error.strerror or str(error)).lower()}",
            "name a folder that can be made",
        ) from error
