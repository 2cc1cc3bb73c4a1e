from hypothesis import given
from hypothesis import strategies as st

from bench.plan import (
    ARRIVALS_PER_SLICE,
    ARRIVALS_PER_WARM_UP,
    FEWEST_BLOCKS,
    FEWEST_RESPONSES_PER_SLICE,
    LONGEST_SLICE_NS,
    LONGEST_WARM_UP_NS,
    RESPONSES_PER_SLICE,
    SETTLED_EVERY,
    SHORTENED_SLICE_NS,
    SHORTEST_RAMP_NS,
    SHORTEST_SLICE_NS,
    USERS_RAMP_NS,
    USERS_SLICE_NS,
    WARM_UP_NS,
    SliceLength,
    block_order,
    blocks_per_launch,
    cells_of,
    draw_seed,
    estimated_duration_ns,
    launch_order,
    mean_block_ns,
    part_of,
    shares_of,
    slice_lengths,
    takes_part,
    warm_up_ns,
)
from bench.results.model import App, Cell, Deployment, LoadLevel
from bench.scenario.model import Load, Measure, Mix, Request
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
    app: App = "floor" if name.endswith("/floor") else "app"
    return Deployment(
        id=name, name=name, server="gunicorn", app=app, version="1", parts=(), processes=1, threads=1,
        promises_keep_alive=True,
    )  # fmt: skip


def load(**parts: object) -> Load:
    return Load.model_validate(parts)


RATES = st.floats(1 / 60, 1e6)
OPEN_LOADS = st.builds(LoadLevel, connections=NUMBERS, rate_per_s=RATES, poisson=st.booleans())
USERS = LoadLevel(connections=4, locustfile="flows.py")


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
    least = {
        cell: max(SHORTENED_SLICE_NS, min(FEWEST_RESPONSES_PER_SLICE * round(median), LONGEST_SLICE_NS))
        for cell, median in service_times.items()
    }
    for cell, length in lengths.items():
        assert length.counted_ns == max(least[cell], round(wanted[cell] * shrink))
        assert length.ramp_ns >= max(SHORTEST_RAMP_NS, service_times[cell])
    assert sum(length.counted_ns for length in lengths.values()) <= budget_ns + sum(least.values())


@given(OPEN_LOADS, st.floats(1_000, 20 * NS_PER_S), DURATIONS, LAUNCHES)
def test_slices_of_an_open_loop_hold_enough_arrivals_or_are_as_long_as_any(
    level: LoadLevel, median_ns: float, duration_ns: int, launches: int
) -> None:
    length = slice_lengths({"cell": median_ns}, measure(duration_ns, launches), {"cell": level})["cell"]
    assert level.rate_per_s is not None
    arrivals = round(length.counted_ns / NS_PER_S * level.rate_per_s, 3)
    assert arrivals >= ARRIVALS_PER_SLICE or length.counted_ns == LONGEST_SLICE_NS
    assert length.counted_ns <= LONGEST_SLICE_NS


@given(SERVICE_TIMES, DURATIONS, LAUNCHES)
def test_slices_of_users_are_never_shortened(
    medians_ns: dict[str, float], duration_ns: int, launches: int
) -> None:
    loads = dict.fromkeys(medians_ns, USERS)
    lengths = slice_lengths(medians_ns, measure(duration_ns, launches), loads)
    assert all(length.counted_ns >= USERS_SLICE_NS for length in lengths.values())
    assert {length.ramp_ns for length in lengths.values()} == {USERS_RAMP_NS}


def test_slices_without_a_need_of_their_own_are_shortened_beside_those_that_have_one() -> None:
    medians_ns = {"closed": 100 * NS_PER_MS, "users": NS_PER_MS}
    lengths = slice_lengths(medians_ns, measure(6 * NS_PER_S, 1), {"users": USERS})
    assert lengths["users"].counted_ns == USERS_SLICE_NS
    assert 500 * NS_PER_MS < lengths["closed"].counted_ns < 2_000 * NS_PER_MS


@given(OPEN_LOADS | st.builds(LoadLevel, connections=NUMBERS))
def test_a_warm_up_sees_answers_and_is_short(level: LoadLevel) -> None:
    length_ns = warm_up_ns(level)
    assert WARM_UP_NS <= length_ns <= LONGEST_WARM_UP_NS
    if level.rate_per_s is not None and length_ns < LONGEST_WARM_UP_NS:
        assert length_ns * level.rate_per_s / NS_PER_S >= ARRIVALS_PER_WARM_UP - 0.001


def cell(name: str, level: LoadLevel, request: str = "m") -> Cell:
    return Cell(id=f"{name} {request}", deployment=name, request=request, load=level)


@given(OPEN_LOADS, SEEDS, NUMBERS)
def test_a_block_gives_every_deployment_the_same_draws_and_other_blocks_others(
    level: LoadLevel, seed: int, block: int
) -> None:
    drawn = draw_seed(cell("uwsgi", level), seed, block)
    assert 0 <= drawn < 2**63
    assert draw_seed(cell("gunicorn", level), seed, block) == drawn
    assert draw_seed(cell("uwsgi", level), seed, block + 1) != drawn
    assert draw_seed(cell("uwsgi", level), seed ^ 1, block) != drawn
    assert draw_seed(cell("uwsgi", level, "n"), seed, block) != drawn
    assert draw_seed(cell("uwsgi", USERS), seed, block) != drawn


def test_draws_stay_what_they_were_in_earlier_versions() -> None:
    level = LoadLevel(connections=128, rate_per_s=500.0, poisson=True)
    assert draw_seed(cell("uwsgi", level), 7, 1) == 8_856_194_989_932_905_531


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


@given(SERVICE_TIMES, DURATIONS, LAUNCHES, st.data())
def test_what_settled_cells_leave_of_a_launchs_share_goes_to_more_blocks(
    service_times: dict[str, float], duration_ns: int, launches: int, data: st.DataObject
) -> None:
    asked = measure(duration_ns, launches)
    lengths = slice_lengths(service_times, asked)
    settled = data.draw(st.sets(st.sampled_from(sorted(lengths))))
    blocks = blocks_per_launch(lengths, asked, settled)
    counted_ns = sum(
        length.counted_ns
        for place in range(blocks)
        for cell, length in lengths.items()
        if takes_part(cell, settled, place)
    )
    whole_ns = sum(length.counted_ns for length in lengths.values())
    assert blocks >= blocks_per_launch(lengths, asked)
    assert blocks == FEWEST_BLOCKS or abs(counted_ns - duration_ns / launches) <= 1.5 * whole_ns
    assert whole_ns / SETTLED_EVERY <= mean_block_ns(lengths, settled) <= whole_ns


@given(CELLS, st.integers(0, 100), st.data())
def test_all_settled_cells_take_part_in_every_second_block_and_the_others_in_all(
    cells: list[str], place: int, data: st.DataObject
) -> None:
    settled = data.draw(st.sets(st.sampled_from(cells))) if cells else set()
    taking = {cell for cell in cells if takes_part(cell, settled, place)}
    assert taking == (set(cells) if place % 2 == 0 else set(cells) - settled)


LOADS = st.one_of(
    NUMBERS.map(lambda count: load(connections=count)),
    st.tuples(
        st.integers(1, 600), st.sampled_from(["/s", "/min"]), st.sampled_from(["constant", "poisson"])
    ).map(lambda rate: load(rate=f"{rate[0]}{rate[1]}", arrivals=rate[2])),
    st.tuples(st.sampled_from(["flows.py", "GET /.py", "a b.py"]), NUMBERS).map(
        lambda users: load(locustfile=users[0], users=users[1])
    ),
)


@given(
    st.sets(st.sampled_from(["flask", "uwsgi", "uwsgi/floor", "gunicorn"]), min_size=1),
    st.sets(st.sampled_from(["/", "/json", "/.py", "/json-x16", "/-x1"]), min_size=1),
    st.sets(st.sampled_from(["m", "x16", "GET"]), max_size=2),
    st.lists(LOADS, min_size=1, max_size=5, unique_by=lambda load: load.label),
)
def test_every_deployment_request_and_load_is_a_cell_with_an_id_of_its_own(
    names: set[str], paths: set[str], mixes: set[str], loads: list[Load]
) -> None:
    cells = cells_of(
        [deployment(name) for name in sorted(names)],
        [
            *(Request(path=path) for path in sorted(paths)),
            *(Mix(name=name, parts=(Request(path="/"),)) for name in sorted(mixes)),
        ],
        loads,
    )
    users = sum(load.locustfile is not None for load in loads)
    apps = sum(not name.endswith("/floor") for name in names)
    asked = {(cell.deployment, cell.request, cell.load) for cell in cells}
    assert len(cells) == len(asked)
    assert len(cells) == len(names) * (len(paths) + len(mixes)) * (len(loads) - users) + apps * users
    assert len({cell.id for cell in cells}) == len(cells)


def test_a_cell_says_what_it_is() -> None:
    loads = [
        load(connections=16),
        load(rate="500/s"),
        load(rate="90/min", arrivals="poisson", connections=256),
        load(locustfile="load/flows.py", users=4),
    ]
    cells = cells_of([deployment("gunicorn"), deployment("gunicorn/floor")], [Request(path="/json")], loads)
    assert {cell.id: cell.load for cell in cells} == {
        "gunicorn GET /json x16": LoadLevel(connections=16),
        "gunicorn/floor GET /json x16": LoadLevel(connections=16),
        "gunicorn GET /json @500/s": LoadLevel(connections=128, rate_per_s=500.0),
        "gunicorn/floor GET /json @500/s": LoadLevel(connections=128, rate_per_s=500.0),
        "gunicorn GET /json @1.5/s poisson": LoadLevel(connections=256, rate_per_s=1.5, poisson=True),
        "gunicorn/floor GET /json @1.5/s poisson": LoadLevel(connections=256, rate_per_s=1.5, poisson=True),
        "gunicorn load/flows.py x4": LoadLevel(connections=4, locustfile="load/flows.py"),
    }
    assert [cell.request for cell in cells[-2:]] == ["GET /json", "load/flows.py"]


@given(DURATIONS, LAUNCHES, st.integers(1, 20), st.lists(OPEN_LOADS | st.just(USERS), min_size=1, max_size=4))
def test_the_estimate_is_longer_than_the_load_and_grows_with_what_is_started(
    duration_ns: int, launches: int, deployments: int, levels: list[LoadLevel]
) -> None:
    asked = measure(duration_ns, launches)
    cells = [cell(str(number), level) for number, level in enumerate(levels)]
    estimate = estimated_duration_ns(asked, deployments, cells)
    assert estimate > duration_ns
    assert estimated_duration_ns(asked, deployments + 1, cells) > estimate
    assert estimated_duration_ns(asked, deployments, [*cells, cell("one more", USERS)]) > estimate


def test_the_estimate_knows_slices_that_cannot_be_shortened() -> None:
    asked = measure(NS_PER_S, 2)
    cells = [cell(str(number), USERS) for number in range(5)]
    assert estimated_duration_ns(asked, 1, cells) > 2 * FEWEST_BLOCKS * 5 * USERS_SLICE_NS


def test_rounds_share_a_launch_by_their_cells_and_settled_ones_count_for_half() -> None:
    assert shares_of([["a", "b"], ["c"], ["d"]]) == [0.5, 0.25, 0.25]
    assert shares_of([["a", "b"], ["c"], ["d"]], settled={"a", "b"}) == [1 / 3, 1 / 3, 1 / 3]
    assert shares_of([[]]) == [0.0]


def test_a_part_of_a_measure_has_that_part_of_the_blocks() -> None:
    measure = Measure.model_validate({"for": "80s", "launches": 4})
    lengths = {"a": SliceLength(0, 100_000_000)}
    assert blocks_per_launch(lengths, measure) == 200
    assert blocks_per_launch(lengths, part_of(measure, 0.25)) == 50
