"""What a check found, in sentences."""

from collections.abc import Iterator, Sequence

from bench.scenario.check import Metric
from bench.stats.checks.summary import CheckedCell, MetricCheck
from bench.stats.inference.gate import Judgement, Verdict
from bench.stats.summary import Reason

NAMES: dict[Metric, str] = {
    "goodput": "goodput",
    "cpu": "CPU time a request",
    "median": "median",
    "p99": "p99",
    "memory": "memory",
}
_WORSE: dict[Metric, str] = {
    "goodput": "lower", "cpu": "higher", "median": "longer", "p99": "longer", "memory": "higher",
}  # fmt: skip


def why(
    verdict: Verdict,
    metrics: Sequence[MetricCheck],
    base: Sequence[Reason],
    head: Sequence[Reason],
    *,
    broken: bool,
    beside: str = "base",
) -> str:
    """One sentence behind a cell's verdict. `base` speaks against what was measured `beside` head."""
    if broken or head or base:
        whose, reasons = ("head", head) if broken or not base else (beside, base)
        return f"{whose}: {'; '.join(reason.what for reason in reasons)}."
    gated = [one for one in metrics if one.gated]
    if verdict == "regression":
        red = [one for one in gated if one.verdict == "regression"]
        return f"{_listed([_worse(one) for one in red])}; confirmed by {_fresh(red)}."
    if verdict == "pass":
        return f"{_listed([_at_most(one) for one in gated])}."
    open_ = [one for one in gated if one.verdict == "inconclusive"]
    return f"{'; '.join(_undecided(one) for one in open_)}."


def about_ungated(cells: Sequence[CheckedCell]) -> Iterator[str]:
    """Metrics that got worse and do not decide: named, so that nothing hides behind a pass."""
    for cell in cells:
        for one in cell.metrics:
            if not one.gated and one.judgement is not None and one.judgement.verdict == "regression":
                yield (
                    f"{cell.name}: {_worse(one)}. It does not decide here; add {one.metric} to `gate` under "
                    "`check` if it shall."
                )


def _worse(one: MetricCheck) -> str:
    return f"{NAMES[one.metric]} {_share(_effect(one))} {_WORSE[one.metric]}"


def _effect(one: MetricCheck) -> float:
    """The change that is shown: a share of base. Less goodput is the inverse of more time."""
    if one.ratio is not None:
        return abs(one.ratio.value - 1)
    return abs(one.judgement.effect) if one.judgement else 0.0


def _at_most(one: MetricCheck) -> str:
    at_most = one.judgement.at_most if one.judgement else 0.0
    surely = "not slower" if at_most <= 0 else f"slower by less than {_share(at_most)}"
    return f"{NAMES[one.metric]}: {surely}"


def _undecided(one: MetricCheck) -> str:
    name, judgement = NAMES[one.metric], one.judgement
    if judgement is None or not judgement.pairs:
        return f"{name}: not known"
    if judgement.verdict == "regression":
        return f"{_worse(one)} at first, {_not_confirmed(one.confirmation, len(one.confirming))}"
    told = f"{name}: slower by {_share(judgement.effect)}" if judgement.effect > 0 else f"{name}: not slower"
    told += f", at most {_share(judgement.at_most)}; {_share(one.allow)} are allowed"
    if judgement.detectable is not None:
        told += f"; {_share(judgement.detectable)} would have been seen"
    return told


def _not_confirmed(confirmation: Judgement | None, launches: int) -> str:
    """What became of the repetition; without a judgement it was not completed."""
    if confirmation is None:
        return f"the repetition ended after {launches} launches" if launches else "not repeated"
    return f"not confirmed by {launches} fresh launches"


def _fresh(red: Sequence[MetricCheck]) -> str:
    return f"{max(len(one.confirming) for one in red)} fresh launches"


def _share(fraction: float) -> str:
    return "any amount" if fraction == float("inf") else f"{100 * fraction:.1f} %"


def _listed(texts: Sequence[str]) -> str:
    return "; ".join(texts)
