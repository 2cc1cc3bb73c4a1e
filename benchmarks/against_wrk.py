"""Does our generator see the goodput that wrk sees? Every deployment of a scenario, asked by both in turn.

Claims: sleeping between answers as wrk does, ours is within 5 % of wrk on every cell. Polling, as it does in
a run, it is never below that: a server then does not pay for waking it, which is why polling sees more of
some servers than wrk does. Ours verifies every body, wrk does not.

All deployments are up at once. A turn of ours (0.1 s of ramp, then the counted seconds) and a run of
`wrk -t1` follow each other in random order, on the same core, with the same number of fresh connections and
the same bytes. wrk counts from its first connect on, so that its runs are of a second or more.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median

from bench.scenario.reading import LoadedScenario, load_scenario
from bench.servers import server_names
from bench.units import format_rate
from benchmarks.findings import Bar, Finding, Findings, ratio_finding, table
from benchmarks.live_deployments import live_deployments
from benchmarks.our_generator import our_generator
from benchmarks.pairs import Played, median_ratio, play
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of
from benchmarks.wrk import Wrk

NAME = "against_wrk"
SLEEPING, POLLING = "sleeping", "polling"
BARS = {
    SLEEPING: Bar("0.95 to 1.05", lowest=0.95, highest=1.05),
    POLLING: Bar("at least 0.95", lowest=0.95),
}


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Let both take turns on every cell."""
    loaded = load_scenario(options.scenario, server_names())
    played = let_both_play(stage, loaded, options)
    return Findings(
        NAME, taken(options), findings_of(played, BARS), (rates_of(played),), {"responses/s": played}
    )


def let_both_play(stage: Stage, loaded: LoadedScenario, options: argparse.Namespace) -> Played:
    """The rates of ours and of wrk on every cell, ours sleeping and polling."""
    wrk = Wrk(stage)
    cells = stage.open.enter_context(live_deployments(stage, loaded))
    ours = stage.open.enter_context(our_generator(stage, {live.cell.id: live.target for live in cells}))
    pairs = {}
    for live in cells:
        key, connections = live.cell.id, live.cell.load.connections
        ours.goodput(key, connections, 0.5)
        for mode in (SLEEPING, POLLING):
            pairs[f"{key}, {mode}"] = (
                partial(ours.goodput, key, connections, options.seconds, polls=mode == POLLING),
                partial(wrk.rate, live.target, connections, options.seconds),
            )
    return play(pairs, rounds=options.rounds, seed=options.seed, say=say)


def findings_of(played: Played, bars: Mapping[str, Bar]) -> list[Finding]:
    """The ratio of each cell, sleeping and polling."""
    return [
        ratio_finding(f"ours / wrk, {name}", median_ratio(pairs), bars[name.rpartition(", ")[2]])
        for name, pairs in played.items()
    ]


def rates_of(played: Played) -> str:
    """The medians of both on each cell, for the order of magnitude."""
    rows = [
        (name, *(format_rate(median(rates)) for rates in zip(*pairs, strict=True)))
        for name, pairs in played.items()
    ]
    return table(("cell", "ours, responses/s", "wrk, responses/s"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"`{options.scenario.name}`, {options.rounds} rounds of {options.seconds} s a turn; "
        f"wrk {version_of('wrk')}. Medians of the ratios of neighbouring turns, with 95 % intervals."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=8)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("scenarios/quickstart.yaml"))
    parser.add_argument("--seconds", type=int, default=1, metavar="S", help="counted in a turn; default 1")
    run(parser, measure)


if __name__ == "__main__":
    main()
