"""Does `bench check` go red when, and only when, the app got slower?

Claims: of 30 checks of a version against itself none is a regression; of 20 checks of a view that costs 5 %
more CPU, of at most 120 s each, at least 19 are; and of 10 checks of a view that costs 2 % more, none passes
where 1 % is allowed.

A small git repository in a temporary folder holds a Flask app and a scenario. Base is its commit; head is the
working folder, in which the view has been given a loop whose turns are calibrated to a share of the CPU time
that a request costs, the server's part included. The real command is run in it, as anyone would, and says
what it found by its exit code. Each check is written down as it ends, in a file of one JSON object a line:
with `--resume FILE` the benchmark goes on from there, or begins it.
"""

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.check_record import Checked, append, read
from benchmarks.check_repository import CheckRepository, scenario
from benchmarks.findings import Bar, Finding, Findings, table
from benchmarks.program import command_line, run, say
from benchmarks.spin import CONNECTIONS, SERVER, calibrated
from benchmarks.stage import Stage

NAME = "regression_check"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """Checks of one kind: what head costs more, what its scenario asks for, and how long one may take."""

    what: str
    slower: float
    checks: int
    scenario: str
    longest_s: float | None = None


PARTS = {
    "aa": Part("a version against itself", 0.0, 30, scenario("24s", 24, "5%")),
    "five": Part("+5 % CPU", 0.05, 20, scenario("36s", 36, "5%"), longest_s=120),
    "two": Part("+2 % CPU, 1 % allowed", 0.02, 10, scenario("36s", 36, "1%")),
}
NONE_RED = Bar("none", highest=0)
NEARLY_ALL_RED = Bar("at least 19 of 20", lowest=0.95)
NONE_PASSES = Bar("none", highest=0)


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Make the checks that are not made yet, those of all parts in random order."""
    record = options.resume or ROOT / "results" / f"{NAME}-{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"
    done = list(read(record))
    parts = [options.only] if options.only else list(PARTS)
    chance = random.Random(options.seed)
    todo = missing(parts, options.checks, done)
    chance.shuffle(todo)
    if todo:
        say(f"each check is written to {record}")
        done += make(stage, todo, record, chance.getrandbits(32))
    of_parts = {part: [one for one in done if one.part == part] for part in parts}
    raw = {part: [one.document() for one in found] for part, found in of_parts.items()}
    tables = (verdicts_of(of_parts),)
    findings = [finding for part, found in of_parts.items() for finding in findings_of(part, found)]
    return Findings(NAME, taken(), findings, tables, raw)


def missing(parts: Sequence[str], checks: int | None, done: Sequence[Checked]) -> list[str]:
    """The part of each check that is still to be made."""
    made = [one.part for one in done]
    return [part for part in parts for _ in range((checks or PARTS[part].checks) - made.count(part))]


def make(stage: Stage, todo: Sequence[str], record: Path, seed: int) -> list[Checked]:
    """Make a check of each of these parts, and write it down."""
    spin = calibrated(stage, seed)
    scenarios = {name: part.scenario for name, part in PARTS.items()}
    repository = CheckRepository.create(stage, scenarios)
    made = []
    for number, name in enumerate(todo, start=1):
        part = PARTS[name]
        turns = spin.turns(part.slower)
        repository.head(turns)
        begin = time.monotonic()
        exit_code, cells = repository.check(name)
        one = Checked(name, exit_code, time.monotonic() - begin, turns, cells)
        append(record, one)
        made.append(one)
        say(f"check {number} of {len(todo)}: {part.what}: {one.verdict} after {one.wall_s:.0f} s")
    return made


def findings_of(name: str, checks: Sequence[Checked]) -> list[Finding]:
    """How the checks of a part came out, and how long they took."""
    if not checks:
        return []
    part, count = PARTS[name], len(checks)
    longest = max(one.wall_s for one in checks)
    red = sum(one.verdict == "regression" for one in checks)
    passed = sum(one.verdict == "pass" for one in checks)
    verdict = {
        "aa": Finding(f"{part.what}: regressions", red, f"{red} of {count}", bar=NONE_RED),
        "five": Finding(f"{part.what}: regressions", red / count, f"{red} of {count}", bar=NEARLY_ALL_RED),
        "two": Finding(f"{part.what}: passes", passed, f"{passed} of {count}", bar=NONE_PASSES),
    }[name]
    limit = None if part.longest_s is None else Bar(f"at most {part.longest_s:g} s", highest=part.longest_s)
    took = Finding(f"{part.what}: longest check", longest, f"{longest:.0f} s", bar=limit)
    return [verdict, took]


def verdicts_of(of_parts: dict[str, list[Checked]]) -> str:
    """How many checks of each part came to which verdict, and what they typically took."""
    rows = []
    for name, checks in of_parts.items():
        verdicts = [one.verdict for one in checks]
        counts = [str(verdicts.count(verdict)) for verdict in ("regression", "pass", "inconclusive")]
        took = f"{median(one.wall_s for one in checks):.0f} s" if checks else ""
        rows.append((PARTS[name].what, *counts, took))
    return table(("head", "regression", "pass", "inconclusive", "a check took (median)"), rows)


def taken() -> str:
    """How it was done, in a sentence."""
    return (
        f"`bench check` of a Flask view under {SERVER}, {CONNECTIONS} connections, in a git repository of "
        "its own; the order of the checks is random. Wall times are those of the whole command."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__)
    parser.add_argument("--only", choices=tuple(PARTS), help="only the checks of this part")
    parser.add_argument("--checks", type=int, metavar="N", help="so many of each part; default 30, 20, 10")
    parser.add_argument("--quick", dest="checks", action="store_const", const=1, help="one of each part")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="count its checks, if any; make the others"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the order of checks")
    run(parser, measure)


if __name__ == "__main__":
    main()
