"""The rule of a run that goes on until every comparison is known well enough."""

from bench.results.model import Measurements
from bench.scenario.part import write_precision
from bench.stats.decision import Decide, Decision
from bench.stats.precision import decide
from bench.stats.summarise import summarise


def until(share: float) -> Decide:
    """End when half of every interval is within this share."""

    def decide_after(measurements: Measurements) -> Decision:
        precision = decide(summarise(measurements), share)
        widest = precision.widest
        known = "not known yet" if widest is None else f"+-{100 * widest:.1f} %"
        return Decision(
            enough=precision.enough,
            settled=precision.settled,
            standing=f"widest interval {known}, to be +-{write_precision(share)}",
        )

    return decide_after
