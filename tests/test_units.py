import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench import units


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("1ns", 1),
        ("3us", 3_000),
        ("250ms", 250_000_000),
        ("30s", 30_000_000_000),
        ("1.5m", 90_000_000_000),
        ("2h", 7_200_000_000_000),
        (" 2 s ", 2_000_000_000),
        ("0.000000001s", 1),
        ("123456789012345678ns", 123_456_789_012_345_678),
    ],
)
def test_a_duration_with_its_unit_is_read_exactly(text: str, duration_ns: int) -> None:
    assert units.parse_duration_ns(text) == duration_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "60",
        "1:30",
        "-1s",
        "+1s",
        "1e3s",
        ".5s",
        "5.s",
        "s",
        "1 day",
        "1s 2ms",
        "nans",
        "infs",
        "٣s",
        "1S",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write a number with its unit, such as 30s"):
        units.parse_duration_ns(text)


@given(st.integers(0, 10**18 - 1))
def test_a_written_duration_reads_as_the_same(duration_ns: int) -> None:
    assert units.parse_duration_ns(units.write_duration(duration_ns)) == duration_ns


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert units.parse_duration_ns(text) >= 0


@pytest.mark.parametrize(
    ("text", "per_second"),
    [
        ("500/s", 500.0),
        ("0.5/s", 0.5),
        ("90/min", 1.5),
        (" 2 / s ", 2.0),
        ("123456789/s", 123_456_789.0),
    ],
)
def test_a_rate_with_its_unit_is_read_exactly(text: str, per_second: float) -> None:
    assert units.parse_rate_per_s(text) == per_second


@pytest.mark.parametrize(
    "text", ["", "500", "-1/s", "+1/s", "1e3/s", ".5/s", "5./s", "/s", "5/h", "5/S", "nan/s", "inf/s", "٣/s"]
)
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate; write a number with its unit, such as 500/s"):
        units.parse_rate_per_s(text)


@given(
    st.floats(0, 1e9, exclude_max=True)
    | st.floats(1e-6, 1e6)
    | st.integers(1, 10**8).map(float)
    | st.integers(1, 10**8).map(lambda n: n / 60)
)
@example(1.0000000000000002e-06)
@example(2.2250738585072014e-308)
@example(5e-324)
def test_a_written_rate_reads_as_the_same(per_second: float) -> None:
    assert units.parse_rate_per_s(units.write_rate(per_second)) == per_second


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(500.0, "500/s"), (0.5, "0.5/s"), (100 / 60, "100/min"), (1 / 3, "20/min"), (1e6, "1000000/s")],
)
def test_a_rate_is_written_as_a_person_would(per_second: float, text: str) -> None:
    assert units.write_rate(per_second) == text


@given(st.text(max_size=20))
def test_any_text_is_a_rate_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert units.parse_rate_per_s(text) >= 0


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0 us"),
        (1_250, "1.25 us"),
        (999_999, "1,000 us"),
        (1_250_000, "1.25 ms"),
        (42e9, "42 s"),
        (60e9, "1 min"),
        (125e9, "2 min 5 s"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_a_duration_is_shown_in_the_unit_that_reads_best(duration_ns: float, text: str) -> None:
    assert units.format_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(12345.4, "12,345"), (99.94, "99.9"), (1.234, "1.23"), (0.0, "0"), (0.01234, "0.0123")]
)
def test_a_rate_is_shown_to_three_digits_or_whole(rate: float, text: str) -> None:
    assert units.format_rate(rate) == text


def test_a_size_is_shown_in_megabytes() -> None:
    assert units.format_bytes(1_234_567_890) == "1,234.6 MB"
