import math

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from bench.histogram import HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram

# Of every magnitude alike, and the edges of the buckets, which are powers of two.
POWERS = st.integers(0, 41).map(lambda exponent: 2**exponent)
DURATIONS = (
    st.integers(LOWEST_NS, HIGHEST_NS)
    | st.integers(LOWEST_NS, 100_000)
    | st.builds(lambda power, offset: max(1, power + offset), POWERS, st.integers(-2, 2))
)
MANY = st.lists(DURATIONS, max_size=60)
SOME = st.lists(DURATIONS, min_size=1, max_size=60)
SHARES = st.floats(0, 1)


def library_of(durations_ns: list[int]) -> HdrHistogram:
    """The histogram of the `hdrh` library, recorded by its own means."""
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    for duration_ns in durations_ns:
        assert histogram.record_value(duration_ns)
    return histogram


@given(MANY)
def test_durations_are_counted_where_the_library_counts_them(durations_ns: list[int]) -> None:
    library = library_of(durations_ns)
    assert Histogram.of(durations_ns).counts.tolist() == list(library.counts)


@given(MANY)
def test_the_library_reads_what_is_encoded(durations_ns: list[int]) -> None:
    read = HdrHistogram.decode(Histogram.of(durations_ns).encode())
    library = library_of(durations_ns)
    assert read.get_total_count() == len(durations_ns)
    assert list(read.counts) == list(library.counts)
    assert read.get_max_value() == library.get_max_value()
    assert read.get_min_value() == library.get_min_value()


@given(MANY)
def test_what_the_library_encodes_is_read(durations_ns: list[int]) -> None:
    encoded = library_of(durations_ns).encode().decode("ascii")
    assert Histogram.decode(encoded) == Histogram.of(durations_ns)


@given(MANY)
def test_encoding_loses_nothing_and_is_one_line_of_text(durations_ns: list[int]) -> None:
    histogram = Histogram.of(durations_ns)
    assert Histogram.decode(histogram.encode()) == histogram
    assert histogram.encode().isascii()
    assert "\n" not in histogram.encode()


@given(SOME, st.integers(1, 60))
def test_quantiles_are_those_of_the_library(durations_ns: list[int], rank: int) -> None:
    # At a whole number of counts; between two of them the library rounds, where the Java original goes up.
    rank = min(rank, len(durations_ns))
    percentile = 100 * rank / len(durations_ns)
    expected = library_of(durations_ns).get_value_at_percentile(percentile)
    assert Histogram.of(durations_ns).quantile_ns(rank / len(durations_ns)) == expected


@given(SOME, SHARES)
def test_a_quantile_is_the_top_of_the_bucket_of_the_sample_it_falls_on(
    durations_ns: list[int], share: float
) -> None:
    rank = max(1, math.ceil(share * len(durations_ns) - 1e-9))
    exact = sorted(durations_ns)[rank - 1]
    quantile_ns = Histogram.of(durations_ns).quantile_ns(share)
    assert quantile_ns == library_of([]).get_highest_equivalent_value(exact)
    assert exact <= quantile_ns <= exact * (1 + 10**-SIGNIFICANT_DIGITS)


@given(SOME, SHARES, SHARES)
def test_quantiles_never_fall(durations_ns: list[int], one: float, other: float) -> None:
    histogram = Histogram.of(durations_ns)
    assert histogram.quantile_ns(min(one, other)) <= histogram.quantile_ns(max(one, other))


@given(SOME)
def test_the_mean_of_the_buckets_is_right_to_one_part_in_a_thousand(durations_ns: list[int]) -> None:
    middles_ns, counts = Histogram.of(durations_ns).buckets()
    mean_ns = sum(durations_ns) / len(durations_ns)
    assert np.average(middles_ns, weights=counts) == pytest.approx(mean_ns, rel=10**-SIGNIFICANT_DIGITS)


@given(MANY, MANY)
def test_merging_is_recording_all(one: list[int], other: list[int]) -> None:
    merged = Histogram.of(one) + Histogram.of(other)
    assert merged == Histogram.of(one + other)
    assert merged.total == len(one) + len(other)
    assert merged == Histogram.of(other) + Histogram.of(one)


@given(MANY, MANY)
def test_merging_leaves_both_parts_as_they_were(one: list[int], other: list[int]) -> None:
    first, second = Histogram.of(one), Histogram.of(other)
    merged = first + second
    merged.counts[0] += 1
    assert (first, second) == (Histogram.of(one), Histogram.of(other))


@given(st.integers(-(2**62), 2**62))
def test_what_is_out_of_range_is_counted_at_the_nearest_end(duration_ns: int) -> None:
    nearest = min(max(duration_ns, LOWEST_NS), HIGHEST_NS)
    assert Histogram.of([duration_ns]) == Histogram.of([nearest])


def test_the_range_is_from_a_nanosecond_to_an_hour() -> None:
    assert (LOWEST_NS, HIGHEST_NS) == (1, 3600 * 10**9)
    assert Histogram.of([LOWEST_NS]).quantile_ns(1) == LOWEST_NS
    assert Histogram.of([HIGHEST_NS]).quantile_ns(1) == pytest.approx(HIGHEST_NS, rel=1e-3)
    assert Histogram.of([HIGHEST_NS + 1]).total == 1


def test_nothing_counted_has_no_quantile() -> None:
    empty = Histogram()
    assert empty.total == 0
    assert math.isnan(empty.quantile_ns(0.5))
    assert empty == Histogram.of([]) == Histogram.decode(empty.encode())


@given(st.text() | st.binary().map(lambda data: data.hex()))
def test_what_is_no_histogram_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="histogram"):
        Histogram.decode(text)


@given(SOME, st.data())
def test_a_damaged_histogram_is_never_read_as_another(durations_ns: list[int], data: st.DataObject) -> None:
    encoded = Histogram.of(durations_ns).encode()
    place = data.draw(st.integers(0, len(encoded) - 1))
    damaged = encoded[:place] + data.draw(st.sampled_from("Aa0+/=!")) + encoded[place + 1 :]
    try:
        histogram = Histogram.decode(damaged)
    except ValueError:
        return
    assert histogram == Histogram.of(durations_ns)


def test_a_histogram_of_another_precision_is_a_value_error() -> None:
    other = HdrHistogram(LOWEST_NS, HIGHEST_NS, 2)
    other.record_value(1000)
    with pytest.raises(ValueError, match="another range or precision"):
        Histogram.decode(other.encode().decode("ascii"))
