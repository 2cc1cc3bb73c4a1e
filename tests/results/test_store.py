import json
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InputError
from bench.results.history import run_of_today, slice_of_today
from bench.results.model import FORMAT, Block, Launch, LoadLevel, Measurements, Record, Run
from bench.results.store import Store, write_whole
from bench.stats.summarise import summarise
from tests.stats.synthetic import Part, measurements

PARTS = [
    Part("gunicorn"),
    Part("uwsgi", goodput=3000.0),
    Part("uwsgi", rate=500.0),
    Part("uwsgi", request="browsing", names=("GET /", "GET /json")),
    Part("uwsgi", locustfile="flows.py", names=("/", "/json")),
    Part("behind", behind="nginx", made_of=(("uwsgi", 0.8), ("nginx", 0.2))),
]
FORMAT_1 = Path(__file__).parent / "format-1"
FORMAT_2 = Path(__file__).parent / "format-2"


@pytest.fixture
def measured() -> Measurements:
    return measurements(PARTS, launches=2, blocks=3)


def pieces_of(measured: Measurements) -> list[Record]:
    """What a run writes, in the order in which it does."""
    pieces: list[Record] = [measured.run.model_copy(update={"status": "running", "finished_at": None})]
    for launch in measured.launches:
        pieces.append(launch)
        pieces += [block for block in measured.blocks if block.launch == launch.number]
        pieces.append(launch)
    return [*pieces, measured.run]


def write(store: Store, piece: Record) -> None:
    match piece:
        case Run():
            store.write_run(piece)
        case Launch():
            store.write_launch(piece)
        case Block():
            store.write_block(piece)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read_again_the_same(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    for piece in pieces_of(measured):
        write(store, piece)
    assert Store(tmp_path / "run").read() == measured


def test_pieces_come_back_in_the_order_of_their_numbers(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    store.write_run(measured.run)
    numbers = [120, 3, 99_999, 12, 1]
    for number in numbers:
        store.write_block(measured.blocks[0].model_copy(update={"number": number}))
    assert [block.number for block in store.read().blocks] == sorted(numbers)


def test_a_run_that_was_killed_after_any_piece_is_readable(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    pieces = pieces_of(measured)
    for count, piece in enumerate(pieces, 1):
        write(store, piece)
        read = store.read()
        assert read.run.status == ("complete" if count == len(pieces) else "running")
        blocks = [one for one in pieces[:count] if isinstance(one, Block)]
        assert list(read.blocks) == blocks


def test_a_run_that_was_killed_in_the_middle_of_a_piece_is_readable(
    tmp_path: Path, measured: Measurements
) -> None:
    store = Store.create(tmp_path, "run")
    store.write_run(measured.run)
    store.write_block(measured.blocks[0])
    (store.folder / "blocks" / ".00002.json.4711.tmp").write_bytes(b'{"launch": 1, "num')
    (store.folder / ".run.json.4711.tmp").write_bytes(b"{")
    assert store.read().blocks == measured.blocks[:1]


def test_a_piece_written_again_replaces_the_old_one(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    store.write_run(measured.run)
    store.write_launch(measured.launches[0])
    rejected = measured.launches[0].model_copy(update={"rejected": {"cell": "wrong"}})
    store.write_launch(rejected)
    assert store.read().launches == (rejected,)


def test_a_store_leaves_nothing_beside_its_pieces(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    for piece in pieces_of(measured):
        write(store, piece)
    assert set(contents(store.folder)) == {
        "run.json",
        *(f"launches/{launch.number:04}.json" for launch in measured.launches),
        *(f"blocks/{block.number:05}.json" for block in measured.blocks),
    }


@pytest.mark.parametrize("name", ["run.json", "launches/0000.json", "blocks/00000.json"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 3}', b'{"number": "one"}', b"\x00" * 100],
)
def test_a_corrupt_or_foreign_file_is_refused_by_name(
    tmp_path: Path, measured: Measurements, name: str, content: bytes
) -> None:
    store = Store.create(tmp_path, "run")
    store.write_run(measured.run)
    (store.folder / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        store.read()
    assert str(store.folder / name) in caught.value.what
    assert caught.value.remedy
    assert "\n" not in caught.value.what


@given(st.data())
def test_a_file_with_any_key_changed_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    measured = measurements(PARTS, launches=1, blocks=1)
    store = Store.create(tmp_path_factory.mktemp("results"), "run")
    document = json.loads(measured.run.model_dump_json())
    key = data.draw(st.sampled_from(sorted(document)))
    document[key] = data.draw(st.none() | st.booleans() | st.integers() | st.text(max_size=5))
    (store.folder / "run.json").write_text(json.dumps(document))
    with suppress(InputError):
        assert isinstance(store.read().run, Run)


@pytest.mark.parametrize("number", [0, FORMAT + 1, "2", None])
def test_a_format_that_is_not_known_is_refused(
    tmp_path: Path, measured: Measurements, number: object
) -> None:
    store = Store.create(tmp_path, "run")
    document = json.loads(measured.run.model_dump_json()) | {"format": number}
    (store.folder / "run.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="format"):
        store.read()


def test_a_run_of_format_1_is_read_as_what_it_was() -> None:
    read = Store(FORMAT_1).read()
    assert read.run.format == FORMAT
    assert {cell.load for cell in read.run.cells} == {LoadLevel(connections=16)}
    assert [launch.number for launch in read.launches] == [1]
    assert [block.number for block in read.blocks] == [1, 2]
    stored = json.loads((FORMAT_1 / "blocks" / "00001.json").read_text())["slices"]
    for one, was in zip(read.blocks[0].slices, stored, strict=True):
        assert one.duration_sum_ns == was["service_time_sum_ns"]
        assert (one.requests, one.histogram, one.arrivals) == (was["requests"], was["histogram"], None)


def test_a_run_of_format_1_is_summed_up_as_any_other() -> None:
    summary = summarise(Store(FORMAT_1).read())
    assert [cell.valid for cell in summary.cells] == [True, True]
    assert [len(group) for group in summary.ranking] == [2]


def test_a_run_of_format_1_is_kept_in_the_format_of_today(tmp_path: Path) -> None:
    read = Store(FORMAT_1).read()
    store = Store.create(tmp_path, "run")
    for piece in pieces_of(read):
        write(store, piece)
    assert store.read() == read
    assert json.loads((store.folder / "run.json").read_text())["format"] == FORMAT


def test_a_run_of_format_2_is_read_with_the_one_part_each_deployment_was() -> None:
    read = Store(FORMAT_2).read()
    stored = json.loads((FORMAT_2 / "run.json").read_text())["deployments"]
    assert read.run.format == FORMAT
    for one, was in zip(read.run.deployments, stored, strict=True):
        (part,) = one.parts
        assert (part.name, list(part.command)) == (was["server"], was["command"])
        assert part.processes == one.expected_processes == was["expected_processes"]
        assert (one.profile, one.behind, one.tls, one.programs) == ("equal", None, False, {})


def test_a_launch_of_format_2_keeps_its_command_lines_processes_and_memory() -> None:
    for launch in Store(FORMAT_2).read().launches:
        stored = json.loads((FORMAT_2 / "launches" / f"{launch.number:04}.json").read_text())["deployments"]
        for one, was in zip(launch.deployments, stored, strict=True):
            (part,) = one.parts
            assert list(part.command) == was["command"]
            assert (one.processes, one.memory_bytes) == (was["processes"], was["memory_bytes"])
            assert one.files == {}


def test_a_run_of_format_2_is_summed_up_as_any_other() -> None:
    summary = summarise(Store(FORMAT_2).read())
    assert [cell.deployment.name for cell in summary.cells] == [
        "gunicorn",
        "gunicorn",
        "waitress",
        "waitress",
    ]
    assert all(cell.goodput and cell.memory_bytes and not cell.parts for cell in summary.cells)


def test_a_run_of_format_2_is_kept_in_the_format_of_today(tmp_path: Path) -> None:
    read = Store(FORMAT_2).read()
    store = Store.create(tmp_path, "run")
    for piece in pieces_of(read):
        write(store, piece)
    assert store.read() == read
    kept = json.loads((store.folder / "run.json").read_text())
    assert kept["format"] == FORMAT
    assert all("command" not in deployment for deployment in kept["deployments"])


@pytest.mark.parametrize(
    "broken",
    [{"format": 1}, {"format": 1, "cells": 3}, {"format": 1, "cells": [3]}, {"format": 1, "cells": [{}]}],
)
def test_a_broken_run_of_format_1_is_refused_by_name(tmp_path: Path, broken: dict[str, object]) -> None:
    store = Store.create(tmp_path, "run")
    (store.folder / "run.json").write_text(json.dumps(broken))
    with pytest.raises(InputError, match=r"run\.json"):
        store.read()


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_what_is_of_no_older_format_is_handed_on_as_it_is(stored: object) -> None:
    assert run_of_today(stored) is stored
    assert slice_of_today(stored) is stored


def test_a_folder_that_holds_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        Store(tmp_path / "nowhere").read()


def test_results_in_a_place_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match=str(tmp_path / "file")) as caught:
        Store.create(tmp_path / "file", "run")
    assert "--results" in caught.value.remedy


def test_a_run_never_writes_into_the_folder_of_another(tmp_path: Path, measured: Measurements) -> None:
    store = Store.create(tmp_path, "run")
    store.write_run(measured.run)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="already"):
        Store.create(tmp_path, "run")
    assert contents(tmp_path) == before


def test_a_piece_that_cannot_be_written_is_an_error_that_names_it(
    tmp_path: Path, measured: Measurements
) -> None:
    store = Store.create(tmp_path, "run")
    (store.folder / "blocks" / "00000.json").mkdir()
    with pytest.raises(InputError, match=r"00000\.json"):
        store.write_block(measured.blocks[0].model_copy(update={"number": 0}))
    assert contents(store.folder) == {}


def test_a_full_disk_leaves_the_old_file_as_it_was_and_no_other(tmp_path: Path) -> None:
    # No file may grow beyond this: the system refuses the write where the disk would be full, in the middle.
    limit, path = 4096, tmp_path / "summary.json"
    path.write_bytes(b"old")
    program = (
        "import sys; from pathlib import Path; from bench.results.store import write_whole\n"
        "try: write_whole(Path(sys.argv[1]), b'x' * 100_000)\n"
        "except OSError as error: print(error.strerror)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == b"File too large\n"
    assert contents(tmp_path) == {"summary.json": b"old"}


@given(st.binary(max_size=10_000), st.binary(max_size=10_000))
def test_a_file_is_replaced_whole(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "file").write_bytes(before)
    write_whole(folder / "file", after)
    assert contents(folder) == {"file": after}
