"""Merging what several processes contributed to one slice: nothing is averaged, nothing is lost."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from bench.histogram import Histogram
from bench.load.messages import Arrivals, Share, SliceOutcome


def merged(outcomes: Sequence[SliceOutcome]) -> SliceOutcome:
    """The parts of a slice as one: counts add up, histograms merge, the busiest process is the limit."""
    return SliceOutcome(
        counted_ns=outcomes[0].counted_ns,
        requests=sum(one.requests for one in outcomes),
        errors=dict(sum((Counter(one.errors) for one in outcomes), Counter())),
        histogram=_merged_histogram([one.histogram for one in outcomes]),
        duration_sum_ns=sum(one.duration_sum_ns for one in outcomes),
        longest_ns=max(one.longest_ns for one in outcomes),
        per_connection=list(chain.from_iterable(one.per_connection for one in outcomes)),
        connections_opened=sum(one.connections_opened for one in outcomes),
        answered=sum(one.answered for one in outcomes),
        generator_wall_ns=max(one.generator_wall_ns for one in outcomes),
        generator_busy_ns=max(one.generator_busy_ns for one in outcomes),
        arrivals=_merged_arrivals([one.arrivals for one in outcomes if one.arrivals is not None]),
        by_request=_merged_shares([one.by_request for one in outcomes]),
    )


def _merged_histogram(histograms: Sequence[str]) -> str:
    return sum((Histogram.decode(one) for one in histograms), Histogram()).encode()


def _merged_arrivals(arrivals: Sequence[Arrivals]) -> Arrivals | None:
    if not arrivals:
        return None
    return Arrivals(
        due=sum(one.due for one in arrivals),
        waited=sum(one.waited for one in arrivals),
        unsent=sum(one.unsent for one in arrivals),
        late=_merged_histogram([one.late for one in arrivals]),
        latest_ns=max(one.latest_ns for one in arrivals),
        behind_before=sum(one.behind_before for one in arrivals),
        behind_after=sum(one.behind_after for one in arrivals),
    )


def _merged_shares(shares: Sequence[dict[str, Share]]) -> dict[str, Share]:
    names = dict.fromkeys(name for one in shares for name in one)
    return {
        name: Share(
            sum(one[name].requests for one in shares if name in one),
            _merged_histogram([one[name].histogram for one in shares if name in one]),
        )
        for name in names
    }
