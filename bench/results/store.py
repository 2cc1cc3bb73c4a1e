"""The store: a run's folder on disk, written piece by piece, each piece whole or not there.

`run.json` tells what was planned and where, `launches/0001.json` each fresh start, `blocks/00001.json` each
block of slices. A piece is written to a temporary file, synced and renamed, so that a run killed at any
point leaves a readable, partial result. `logs/` keeps what the servers wrote.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bench.errors import InputError
from bench.results.model import FORMAT, Block, Launch, Measurements, Record, Run

RUN_FILE = "run.json"

_R = TypeVar("_R", bound=Record)


class Store:
    """The folder of one run. Raises InputError where it cannot be written or read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"

    @classmethod
    def create(cls, results: Path, run_id: str) -> "Store":
        """A new folder for this run under the folder of results, proven to be writable."""
        store = cls(results / run_id)
        try:
            for folder in (store.folder, store.folder / "launches", store.folder / "blocks", store.logs):
                folder.mkdir(parents=True)
        except FileExistsError as error:
            raise InputError(
                f"there is a file or folder {store.folder} already",
                "choose another --name, or another folder with --results",
            ) from error
        except OSError as error:
            raise InputError(
                f"cannot write results to {results}: {error.strerror}",
                "name a folder that can be written with --results",
            ) from error
        return store

    def write_run(self, run: Run) -> None:
        """Write or replace the description of the run."""
        self._write(self.folder / RUN_FILE, run)

    def write_launch(self, launch: Launch) -> None:
        """Write or replace a launch."""
        self._write(self.folder / "launches" / f"{launch.number:04}.json", launch)

    def write_block(self, block: Block) -> None:
        """Write a finished block."""
        self._write(self.folder / "blocks" / f"{block.number:05}.json", block)

    def read_run(self) -> Run:
        """The description of the run alone."""
        if not (self.folder / RUN_FILE).is_file():
            raise InputError(f"{self.folder} is not the folder of a run: it has no {RUN_FILE}")
        return _read(self.folder / RUN_FILE, Run)

    def read(self) -> Measurements:
        """Everything that was measured."""
        return Measurements(
            run=self.read_run(),
            launches=tuple(_read(path, Launch) for path in sorted((self.folder / "launches").glob("*.json"))),
            blocks=tuple(_read(path, Block) for path in sorted((self.folder / "blocks").glob("*.json"))),
        )

    @staticmethod
    def _write(path: Path, record: Record) -> None:
        try:
            write_whole(path, (record.model_dump_json(indent=1) + "\n").encode())
        except OSError as error:
            raise InputError(
                f"cannot write {path}: {error.strerror}",
                "what was written before stays as it is; see that the folder is there and has room",
            ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also when the machine stops. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _read(path: Path, kind: type[_R]) -> _R:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise InputError(
            f"{path} is not of result format {FORMAT}: {where}: {first['msg']}",
            "it was written by another version of bench, or changed by hand",
        ) from error
