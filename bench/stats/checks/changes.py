"""What changed from base to head, as every output writes it: the words, the signs and the units.

A change is told as a share of base, with its sign: goodput -4.8 %, CPU +5.1 %. Beside it stands the word that
says which way is worse, so that no reader has to know whether more of something is good. All that is compared
with a change is told so, too: what is allowed, what would have been seen, what each launch said. Judged are
slow-downs, the time that the same work takes: 5 % more of it is 4.8 % less goodput.
"""

from collections.abc import Callable
from math import expm1, isfinite

from bench.results.model import BaselineCheck, Check, Run
from bench.scenario.check import Metric
from bench.stats.checks.summary import LESS_IS_BETTER, CheckedCell, CheckSummary, MetricCheck
from bench.stats.summary import Interval
from bench.units import format_bytes, format_duration, format_rate

NOTHING = "-"
_SHORT = 7  # letters of a commit, as git itself abbreviates
_WORSE: dict[Metric, tuple[str, str]] = {"memory": ("more", "less")}
_WRITE: dict[Metric, Callable[[float], str]] = {
    "goodput": lambda value: f"{format_rate(value)}/s",
    "memory": format_bytes,
}


def comparable(cell: CheckedCell) -> bool:
    """Whether nothing speaks against base or head, so that a change between them means something."""
    return not cell.reasons and cell.base.valid and cell.head.valid


def name_of(metric: Metric) -> str:
    """The metric as a narrow table has it."""
    return "CPU" if metric == "cpu" else metric


def value_of(metric: Metric, value: float | None) -> str:
    """A typical value with its unit: `2,600/s`, `381 us`, `92.8 MB`; a dash where there is none."""
    return NOTHING if value is None else _WRITE.get(metric, format_duration)(value)


def change_of(one: MetricCheck) -> str:
    """Head against base: `-4.8 %`; a dash where it is not known."""
    return NOTHING if one.ratio is None else f"{signed(one.ratio.value - 1)} %"


def interval_of(one: MetricCheck) -> str:
    """The 95 % interval of the change: `-5.9 to -3.7 %`; a dash where it is not known."""
    return NOTHING if one.ratio is None else f"{signed(one.ratio.low - 1)} to {signed(one.ratio.high - 1)} %"


def direction_of(one: MetricCheck) -> str:
    """`slower` or `faster`, of memory `more` or `less`; nothing where the interval holds no change at all."""
    change = worsening_of(one)
    if change is None or change.low <= 0 <= change.high:
        return ""
    worse, better = _WORSE.get(one.metric, ("slower", "faster"))
    return worse if change.low > 0 else better


def worsening_of(one: MetricCheck) -> Interval | None:
    """By how much of base head is worse: 0.05 where it takes 5 % more, or does 5 % less."""
    if one.ratio is None:
        return None
    value, low, high = one.ratio.value, one.ratio.low, one.ratio.high
    if LESS_IS_BETTER[one.metric]:
        return Interval(value - 1, low - 1, high - 1)
    return Interval(1 - value, 1 - high, 1 - low)


def share_of_base(metric: Metric, slow_down: float) -> float:
    """A slow-down, a fraction, as a change of this metric is told: of goodput 0.05 is 0.048 less."""
    return slow_down if LESS_IS_BETTER[metric] else 1 - 1 / (1 + slow_down)


def shares_of_base(metric: Metric, log_ratios: tuple[float, ...]) -> tuple[float, ...]:
    """The slow-downs of launches as a change of this metric is told; nan where a launch has none."""
    return tuple(share_of_base(metric, value) for value in fractions(log_ratios))


def slow_down_of(one: MetricCheck) -> Interval | None:
    """How much longer the same work takes head by any metric: 0.05 where base does 5 % more of it."""
    if one.ratio is None:
        return None
    value, low, high = one.ratio.value, one.ratio.low, one.ratio.high
    if LESS_IS_BETTER[one.metric]:
        return Interval(value - 1, low - 1, high - 1)
    if low <= 0:
        return None
    return Interval(1 / value - 1, 1 / high - 1, 1 / low - 1)


def fractions(slow_downs: tuple[float, ...]) -> tuple[float, ...]:
    """Slow-downs of launches as fractions: log-ratios are for reckoning only."""
    return tuple(expm1(value) if isfinite(value) else value for value in slow_downs)


def allowed(one: MetricCheck) -> str:
    """How much worse it may be, as a share of base: `5 %`, of goodput `4.8 %`."""
    return f"{short_percent(share_of_base(one.metric, one.allow))} %"


def short_percent(share: float) -> str:
    """A share in per cent, without the sign for it, to a tenth and no longer than need be: `5`, `4.8`."""
    digits = 1 if share >= 0.01 else 3
    return f"{share * 100:.{digits}f}".rstrip("0").rstrip(".")


def signed(share: float) -> str:
    """A share in per cent, without the sign for it: `+5.1`, `-4.8`, `0.0`."""
    text = f"{share * 100:+.1f}"
    return "0.0" if float(text) == 0 else text


def short(commit: str) -> str:
    """A commit as people name it."""
    return commit[:_SHORT]


def head_of(check: Check) -> str:
    """What head was: `1a2b3c4 with uncommitted changes`."""
    changes = " with uncommitted changes" if check.changed else ""
    return f"{short(check.head)}{changes}" if check.head else "the folder as it is"


def base_of(check: Check) -> str:
    """What base was: `main (9f8e7d6)`, or the commit alone where it was given as such."""
    commit = short(check.base)
    return commit if check.base.startswith(check.against) else f"{check.against} ({commit})"


def saved(baseline: BaselineCheck) -> str:
    """Which baseline it was: `saved on 2026-11-20 (run shop-20261120-101500-a1b2)`."""
    return f"saved on {baseline.content['measured_at'][:10]} (run {baseline.content['run']})"


def compared(run: Run) -> str:
    """What was compared, in a few words: `head 1a2b3c4 against main (9f8e7d6)`."""
    if run.baseline is not None:
        return f"head against the baseline {saved(run.baseline)}"
    if run.check is None:
        return "head against base"
    return f"head {head_of(run.check)} against {base_of(run.check)}"


def beside(cell: CheckedCell) -> str:
    """What was measured beside head: base or, against a baseline, the reference."""
    return "the reference" if cell.base.deployment.app == "reference" else "base"


def tally_of(check: CheckSummary) -> str:
    """How many cells came out how, the worst first: `3 cells: 1 regression, 2 pass`."""
    counts = {word: _count(check.cells, word) for word in ("regression", "inconclusive", "pass")}
    listed = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    total = len(check.cells)
    return f"{total} cell{'' if total == 1 else 's'}: {listed or 'nothing measured'}"


def _count(cells: tuple[CheckedCell, ...], verdict: str) -> int:
    return sum(cell.verdict == verdict for cell in cells)
