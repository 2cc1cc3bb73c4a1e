"""What a check found, in sentences."""

from collections.abc import Iterator, Sequence
from math import inf

from bench.scenario.check import Metric
from bench.stats.checks.changes import allowed, share_of_base, worsening_of
from bench.stats.checks.summary import CheckedCell, MetricCheck
from bench.stats.inference.gate import Verdict
from bench.stats.summary import Reason

NAMES: dict[Metric, str] = {
    "goodput": "goodput",
    "cpu": "CPU time a request",
    "median": "median",
    "p99": "p99",
    "memory": "memory",
}
_CHANGED: dict[Metric, tuple[str, str]] = {
    "goodput": ("lower", "higher"),
    "cpu": ("higher", "lower"),
    "median": ("longer", "shorter"),
    "p99": ("longer", "shorter"),
    "memory": ("higher", "lower"),
}
"""What each metric is where it got worse, and where it got better."""
_NO_CHANGE = "0.0 %"


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
    against = {"head": head} if broken else {beside: base, "head": head}
    told = [f"{whose}: {'; '.join(one.what for one in found)}." for whose, found in against.items() if found]
    if told:
        return " ".join(told)
    gated = [one for one in metrics if one.gated]
    if verdict == "regression":
        red = [one for one in gated if one.verdict == "regression"]
        return f"{_listed([_changed(one) for one in red])}; confirmed by {_fresh(red)}."
    if verdict == "pass":
        return f"{_listed([_at_most(one) for one in gated])}."
    open_ = [one for one in gated if one.verdict == "inconclusive"]
    return f"{'; '.join(_undecided(one) for one in open_)}."


def what_helps(cell: CheckedCell) -> Iterator[str]:
    """What to do about the reasons that `why` names, a sentence each; nothing where figures decided."""
    for remedy in dict.fromkeys(reason.remedy for reason in cell.decisive if reason.remedy):
        yield f"{remedy[:1].upper()}{remedy[1:].removesuffix('.')}."


def about_ungated(cells: Sequence[CheckedCell]) -> Iterator[str]:
    """Metrics that got worse and do not decide: named, so that nothing hides behind a pass."""
    for cell in cells:
        for one in cell.metrics:
            if not one.gated and one.judgement is not None and one.judgement.verdict == "regression":
                yield (
                    f"{cell.name}: {_changed(one)}. It does not decide here; add {one.metric} to `gate` "
                    "under `check` if it shall."
                )


def worse(metric: Metric) -> str:
    """The word for what got worse: a goodput is `lower`, a median `longer`."""
    return _CHANGED[metric][0]


def _changed(one: MetricCheck) -> str:
    """The change as tables have it, in words: `goodput 4.8 % lower`."""
    change = worsening_of(one)
    return _told(one, change.value if change is not None else _looked_at(one))


def _told(one: MetricCheck, share: float) -> str:
    told = _share(abs(share))
    word = _CHANGED[one.metric][share < 0]
    return f"{NAMES[one.metric]} {'unchanged' if told == _NO_CHANGE else f'{told} {word}'}"


def _looked_at(one: MetricCheck) -> float:
    """By how much of base head was worse in the launches that were looked at, without those that repeat."""
    return share_of_base(one.metric, one.judgement.effect) if one.judgement else 0.0


def _at_most(one: MetricCheck) -> str:
    at_most = share_of_base(one.metric, one.judgement.at_most) if one.judgement else 0.0
    surely = "not" if at_most <= 0 else f"less than {_share(at_most)}"
    return f"{NAMES[one.metric]}: {surely} {worse(one.metric)}"


def _undecided(one: MetricCheck) -> str:
    name, judgement = NAMES[one.metric], one.judgement
    if judgement is None or not judgement.pairs:
        return f"{name}: not known"
    if judgement.verdict == "regression":
        complete = one.confirmation is not None
        repeated = about_repetition(len(one.confirming), complete=complete, shown=False)
        return f"{_told(one, _looked_at(one))} at first, {repeated}"
    if judgement.at_most == inf:
        few = "one launch is" if judgement.pairs == 1 else f"{judgement.pairs} launches are"
        return f"{name}: {few} too few to tell"
    at_most = _share(share_of_base(one.metric, judgement.at_most))
    told = f"{_changed(one)}, at most {at_most} {worse(one.metric)}; {allowed(one)} are allowed"
    if judgement.detectable is not None:
        told += f"; {_share(share_of_base(one.metric, judgement.detectable))} would have been seen"
    return told


def about_repetition(launches: int, *, complete: bool, shown: bool) -> str:
    """What became of the repetition: whether it showed again what was red, in so many launches."""
    if not complete:
        return f"the repetition ended after {launches} launches" if launches else "not repeated"
    return f"{'' if shown else 'not '}confirmed by {launches} fresh launches"


def _fresh(red: Sequence[MetricCheck]) -> str:
    return f"{max(len(one.confirming) for one in red)} fresh launches"


def _share(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _listed(texts: Sequence[str]) -> str:
    return "; ".join(texts)
