"""Is our generator as fast as wrk where answers come in pieces? Real servers, asked by both in turn.

Claim: at least 0.9 of wrk's rate, sleeping between answers as wrk does and polling as in a run. The answers
to `/json` have a length; gunicorn sends their head and their body in a segment each. Those to `/stream` are
chunked. Behind the servers is the bare callable, the fastest application there is.

The turns are those of `against_wrk`.
"""

import argparse
from pathlib import Path

from bench.scenario.model import Load, Request, Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from benchmarks.against_wrk import POLLING, SLEEPING, findings_of, let_both_play, rates_of
from benchmarks.findings import Bar, Findings
from benchmarks.program import command_line, run
from benchmarks.stage import Stage
from benchmarks.tools import version_of

NAME = "framing"
ROOT = Path(__file__).resolve().parents[1]
BAR = Bar("at least 0.9", lowest=0.9)
SERVERS = ("gunicorn", "waitress")
PATHS = ("/json", "/stream")


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Let both take turns on every cell."""
    played = let_both_play(stage, scenario(options.connections), options)
    findings = findings_of(played, {SLEEPING: BAR, POLLING: BAR})
    return Findings(NAME, taken(options), findings, (rates_of(played),), {"responses/s": played})


def scenario(connections: int) -> LoadedScenario:
    """The bare callable under servers that send in pieces, asked for a whole and for a streamed answer."""
    asked = Scenario(
        app="apps.bare:app",
        servers=tuple(ServerChoice(server=server, name=server) for server in SERVERS),
        requests=tuple(Request(path=path) for path in PATHS),
        load=(Load(connections=connections),),
    )
    return LoadedScenario(Path("framing.yaml"), "", asked, ROOT)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"The bare callable under {' and '.join(SERVERS)}, {options.connections} connections, "
        f"{options.rounds} rounds of {options.seconds} s a turn; wrk {version_of('wrk')}. "
        "Medians of the ratios of neighbouring turns, with 95 % intervals."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=8)
    parser.add_argument("--seconds", type=int, default=1, metavar="S", help="counted in a turn; default 1")
    parser.add_argument("--connections", type=int, default=32, metavar="N", help="default 32")
    run(parser, measure)


if __name__ == "__main__":
    main()
