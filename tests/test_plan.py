from hypothesis import given
from hypothesis import strategies as st

from bench.plan import (
    FEWEST_BLOCKS,
    LONGEST_SLICE_NS,
    RESPONSES_PER_SLICE,
    SHORTEST_RAMP_NS,
    SHORTEST_SLICE_NS,
    block_order,
    blocks_per_launch,
    cells_of,
    estimated_duration_ns,
    launch_order,
    slice_lengths,
)
from bench.results.model import Deployment
from bench.scenario.model import Load, Measure, Request
from bench.units import NS_PER_MS, NS_PER_S, write_duration

SEEDS = st.integers(0, 2**63 - 1)
NUMBERS = st.integers(1, 10_000)
CELLS = st.lists(st.text(max_size=20), unique=True, max_size=30)
SERVICE_TIMES = st.dictionaries(st.text(max_size=5), st.floats(1_000, 20 * NS_PER_S), min_size=1, max_size=20)
DURATIONS = st.integers(NS_PER_S, 600 * NS_PER_S)
LAUNCHES = st.integers(1, 20)


def measure(duration_ns: int, launches: int, slice_ns: int | None = None) -> Measure:
    parts = {"for": write_duration(duration_ns), "launches": launches}
    if slice_ns is not None:
        parts["slice"] = write_duration(slice_ns)
    return Measure.model_validate(parts)


def deployment(name: str) -> Deployment:
    return Deployment(
        id=name, name=name, server="gunicorn", app="app", version="1", command=(), processes=1, threads=1,
        promises_keep_alive=True,
    )  # fmt: skip


@given(CELLS, SEEDS, NUMBERS)
def test_a_block_holds_every_cell_once_and_the_same_seed_orders_it_the_same(
    cells: list[str], seed: int, number: int
) -> None:
    order = block_order(cells, seed, number)
    assert sorted(order) == sorted(cells)
    assert block_order(cells, seed, number) == order


@given(CELLS, SEEDS, NUMBERS)
def test_a_launch_starts_every_deployment_once_and_the_same_seed_orders_it_the_same(
    deployments: list[str], seed: int, number: int
) -> None:
    order = launch_order(deployments, seed, number)
    assert sorted(order) == sorted(deployments)
    assert launch_order(deployments, seed, number) == order


def test_an_order_stays_what_it_was_in_earlier_versions() -> None:
    assert block_order(["a", "b", "c", "d", "e"], 7, 1) == ["a", "e", "d", "b", "c"]
    assert launch_order(["a", "b", "c", "d", "e"], 7, 1) == ["e", "c", "b", "a", "d"]


@given(SEEDS)
def test_blocks_and_seeds_differ_in_their_orders(seed: int) -> None:
    cells = [str(number) for number in range(12)]
    orders = {tuple(block_order(cells, seed, block)) for block in range(1, 9)}
    orders |= {tuple(block_order(cells, seed ^ 1, block)) for block in range(1, 9)}
    assert len(orders) == 16


def test_every_cell_is_first_in_a_block_about_as_often_as_the_others() -> None:
    cells = list("abcd")
    firsts = [block_order(cells, 5, block)[0] for block in range(4000)]
    assert all(900 < firsts.count(cell) < 1100 for cell in cells)


@given(SERVICE_TIMES, DURATIONS, LAUNCHES)
def test_slices_are_long_against_a_response_and_shortened_alike_to_fit_the_time(
    service_times: dict[str, float], duration_ns: int, launches: int
) -> None:
    asked = measure(duration_ns, launches)
    lengths = slice_lengths(service_times, asked)
    assert lengths.keys() == service_times.keys()
    wanted = {
        cell: min(max(RESPONSES_PER_SLICE * round(median), SHORTEST_SLICE_NS), LONGEST_SLICE_NS)
        for cell, median in service_times.items()
    }
    budget_ns = duration_ns / launches / FEWEST_BLOCKS
    shrink = min(1.0, budget_ns / sum(wanted.values()))
    for cell, length in lengths.items():
        assert length.counted_ns == max(NS_PER_MS, round(wanted[cell] * shrink))
        assert length.ramp_ns >= max(SHORTEST_RAMP_NS, service_times[cell])
    shortest_possible = len(lengths) * NS_PER_MS
    assert sum(length.counted_ns for length in lengths.values()) <= budget_ns + shortest_possible


@given(SERVICE_TIMES, DURATIONS, LAUNCHES, st.integers(5, 60_000))
def test_a_length_of_slices_that_was_asked_for_is_kept(
    service_times: dict[str, float], duration_ns: int, launches: int, slice_ms: int
) -> None:
    lengths = slice_lengths(service_times, measure(duration_ns, launches, slice_ms * NS_PER_MS))
    assert {length.counted_ns for length in lengths.values()} == {slice_ms * NS_PER_MS}


@given(SERVICE_TIMES, DURATIONS, LAUNCHES)
def test_the_blocks_fill_the_share_of_a_launch(
    service_times: dict[str, float], duration_ns: int, launches: int
) -> None:
    asked = measure(duration_ns, launches)
    lengths = slice_lengths(service_times, asked)
    blocks = blocks_per_launch(lengths, asked)
    block_ns = sum(length.counted_ns for length in lengths.values())
    assert blocks >= FEWEST_BLOCKS
    assert blocks == FEWEST_BLOCKS or abs(blocks * block_ns - duration_ns / launches) <= block_ns / 2


def test_nothing_to_measure_is_no_error() -> None:
    lengths = slice_lengths({}, measure(NS_PER_S, 1))
    assert lengths == {}
    assert blocks_per_launch(lengths, measure(NS_PER_S, 1)) >= FEWEST_BLOCKS


@given(
    st.sets(st.sampled_from(["flask", "uwsgi", "uwsgi/floor", "gunicorn"]), min_size=1),
    st.sets(st.sampled_from(["/", "/json", "/json x16", "/ x1"]), min_size=1),
    st.sets(st.integers(1, 10_000), min_size=1, max_size=4),
)
def test_there_is_one_cell_for_each_deployment_request_and_load_and_each_has_its_own_id(
    names: set[str], paths: set[str], connections: set[int]
) -> None:
    cells = cells_of(
        [deployment(name) for name in sorted(names)],
        [Request(path=path) for path in sorted(path.replace(" ", "-") for path in paths)],
        [Load(connections=count) for count in sorted(connections)],
    )
    asked = {(cell.deployment, cell.request, cell.connections) for cell in cells}
    assert len(cells) == len(asked) == len(names) * len(paths) * len(connections)
    assert len({cell.id for cell in cells}) == len(cells)


@given(DURATIONS, LAUNCHES, st.integers(1, 20), st.integers(1, 20))
def test_the_estimate_is_longer_than_the_load_and_grows_with_what_is_started(
    duration_ns: int, launches: int, deployments: int, cells: int
) -> None:
    asked = measure(duration_ns, launches)
    estimate = estimated_duration_ns(asked, deployments, cells)
    assert estimate > duration_ns
    assert estimated_duration_ns(asked, deployments + 1, cells) > estimate
