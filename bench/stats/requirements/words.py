"""What is said of a requirement: one sentence, the same in every output."""

from collections.abc import Callable, Iterator
from math import isinf

from bench.results.model import LoadLevel
from bench.stats.summary import Interval, RequiredFigure, RequirementVerdict
from bench.units import format_bytes, format_duration, format_rate

_NAMES: dict[RequiredFigure, str] = {
    "p50": "p50", "p90": "p90", "p99": "p99", "p99_9": "p99.9",
    "goodput": "goodput", "errors": "errors", "cpu": "CPU time a request", "memory": "memory",
}  # fmt: skip


def figure_name(figure: RequiredFigure, load: LoadLevel) -> str:
    """What the figure is under this load: `latency p99` at a rate, `service time p99` otherwise."""
    if figure.startswith("p"):
        return f"{'latency' if load.is_open else 'service time'} {_NAMES[figure]}"
    return _NAMES[figure]


def limit_text(figure: RequiredFigure, limit: float) -> str:
    """What is required: `at most 50 ms`, `at least 500/s`."""
    return f"{'at least' if figure == 'goodput' else 'at most'} {_writer(figure)(limit)}"


def value_text(figure: RequiredFigure, value: Interval | None) -> str:
    """What was found: `61 ms (58 ms to 64 ms)`, or `not known`."""
    if value is None:
        return "not known"
    write = _writer(figure)
    if isinf(value.high):
        return f"{write(value.value)} ({write(value.low)} or more)" if value.low else write(value.value)
    return f"{write(value.value)} ({write(value.low)} to {write(value.high)})"


def sentence(
    figure: RequiredFigure, limit: float, value: Interval | None, load: LoadLevel, because: str
) -> str:
    """What was found, what is required, and the reason where the numbers alone do not decide."""
    verb = "are" if figure == "errors" else "is"
    found = f"{figure_name(figure, load)} {verb} {value_text(figure, value)}"
    required = f"{found}, {limit_text(figure, limit)} is required"
    return f"{required}: {because}" if because else required


def remedy_of(one: RequirementVerdict) -> Iterator[str]:
    """What to do where the interval alone decides nothing; nothing where a reason or a limit is named."""
    if one.verdict == "inconclusive" and not one.because:
        yield "Measure longer, or in more launches."


def _writer(figure: RequiredFigure) -> Callable[[float], str]:
    return _WRITERS.get(figure, format_duration)


_WRITERS: dict[RequiredFigure, Callable[[float], str]] = {
    "goodput": lambda value: f"{format_rate(value)}/s",
    "errors": lambda value: f"{100 * value:.3g} %",
    "memory": format_bytes,
}
