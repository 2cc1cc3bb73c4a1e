from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.load.merging import merged
from bench.load.messages import Arrivals, Share, SliceOutcome

NAMES = ["/", "/json"]
DURATIONS = st.lists(st.integers(1, 3 * 10**9), max_size=20)
COUNTS = st.integers(0, 1000)


@st.composite
def outcomes(draw: st.DrawFn) -> SliceOutcome:
    """What a process may have contributed: a mix of requests, in an open loop."""
    durations_ns = [draw(DURATIONS) for _ in NAMES]
    everything = [duration_ns for durations in durations_ns for duration_ns in durations]
    late_ns = draw(DURATIONS)
    return SliceOutcome(
        counted_ns=10**9,
        requests=len(everything),
        errors=draw(st.dictionaries(st.sampled_from(["reset", "status", "timeout"]), st.integers(1, 1000))),
        histogram=Histogram.of(everything).encode(),
        duration_sum_ns=sum(everything),
        longest_ns=max(everything, default=0),
        per_connection=draw(st.lists(COUNTS, max_size=4)),
        connections_opened=draw(COUNTS),
        answered=draw(COUNTS),
        generator_wall_ns=draw(COUNTS),
        generator_busy_ns=draw(COUNTS),
        arrivals=Arrivals(
            due=draw(COUNTS),
            waited=draw(COUNTS),
            unsent=draw(COUNTS),
            late=Histogram.of(late_ns).encode(),
            latest_ns=max(late_ns, default=0),
        ),
        by_request={
            name: Share(len(durations), Histogram.of(durations).encode())
            for name, durations in zip(NAMES, durations_ns, strict=True)
        },
    )


PARTS = st.lists(outcomes(), min_size=1, max_size=3)

fewer = settings(max_examples=30)  # to encode a histogram takes a millisecond


def decoded(encoded: list[str]) -> Histogram:
    return sum((Histogram.decode(one) for one in encoded), Histogram())


@fewer
@given(PARTS)
def test_counts_and_histograms_are_the_sums(parts: list[SliceOutcome]) -> None:
    whole = merged(parts)
    assert whole.requests == sum(part.requests for part in parts)
    assert whole.answered == sum(part.answered for part in parts)
    assert whole.connections_opened == sum(part.connections_opened for part in parts)
    assert whole.duration_sum_ns == sum(part.duration_sum_ns for part in parts)
    assert whole.per_connection == [count for part in parts for count in part.per_connection]
    assert Histogram.decode(whole.histogram) == decoded([part.histogram for part in parts])
    assert whole.requests == Histogram.decode(whole.histogram).total


@fewer
@given(PARTS)
def test_errors_are_added_up_by_their_kind(parts: list[SliceOutcome]) -> None:
    kinds = Counter(kind for part in parts for kind, count in part.errors.items() for _ in range(count))
    assert merged(parts).errors == dict(kinds)


@fewer
@given(PARTS)
def test_the_longest_and_the_busiest_are_the_limit(parts: list[SliceOutcome]) -> None:
    whole = merged(parts)
    assert whole.longest_ns == max(part.longest_ns for part in parts)
    assert whole.generator_wall_ns == max(part.generator_wall_ns for part in parts)
    assert whole.generator_busy_ns == max(part.generator_busy_ns for part in parts)
    assert whole.counted_ns == parts[0].counted_ns


@fewer
@given(PARTS)
def test_arrivals_are_the_sums(parts: list[SliceOutcome]) -> None:
    arrivals = [part.arrivals for part in parts if part.arrivals is not None]
    whole = merged(parts).arrivals
    assert whole is not None
    assert whole.due == sum(one.due for one in arrivals)
    assert whole.waited == sum(one.waited for one in arrivals)
    assert whole.unsent == sum(one.unsent for one in arrivals)
    assert whole.latest_ns == max(one.latest_ns for one in arrivals)
    assert Histogram.decode(whole.late) == decoded([one.late for one in arrivals])


@fewer
@given(PARTS)
def test_the_shares_of_a_mix_are_the_sums_and_the_whole(parts: list[SliceOutcome]) -> None:
    whole = merged(parts)
    assert list(whole.by_request) == NAMES
    for name, share in whole.by_request.items():
        assert share.requests == sum(part.by_request[name].requests for part in parts)
        assert Histogram.decode(share.histogram) == decoded(
            [part.by_request[name].histogram for part in parts]
        )
    assert sum(share.requests for share in whole.by_request.values()) == whole.requests
    assert decoded([share.histogram for share in whole.by_request.values()]) == Histogram.decode(
        whole.histogram
    )


@fewer
@given(PARTS, st.data())
def test_any_grouping_gives_the_same(parts: list[SliceOutcome], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(parts)))
    groups = [group for group in (parts[:cut], parts[cut:]) if group]
    assert merged([merged(group) for group in groups]) == merged(parts)


@fewer
@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_matters_to_nothing_but_the_order_of_the_connections(
    parts: list[SliceOutcome], chance: Random
) -> None:
    shuffled = list(parts)
    chance.shuffle(shuffled)
    one, other = merged(shuffled), merged(parts)
    assert sorted(one.per_connection) == sorted(other.per_connection)
    assert replace(one, per_connection=other.per_connection) == other


@fewer
@given(outcomes())
def test_a_single_part_is_the_whole(part: SliceOutcome) -> None:
    assert merged([part]) == part


@fewer
@given(PARTS)
def test_a_closed_loop_has_no_arrivals_and_a_single_request_no_shares(parts: list[SliceOutcome]) -> None:
    whole = merged([replace(part, arrivals=None, by_request={}) for part in parts])
    assert whole.arrivals is None
    assert whole.by_request == {}
