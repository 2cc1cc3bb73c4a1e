"""The frame of every benchmark: its options, and what becomes of its findings."""

import argparse
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from bench.errors import BenchError, InputError
from bench.results.store import write_whole
from benchmarks.document import machine_line, write_block
from benchmarks.findings import Findings
from benchmarks.pairs import FEWEST_PAIRS
from benchmarks.stage import Stage, stage

Benchmark = Callable[[Stage, argparse.Namespace], Findings]


def command_line(name: str, description: str | None, *, rounds: int | None = None) -> argparse.ArgumentParser:
    """The options that all benchmarks have; those of rounds where there are some."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if rounds is not None:
        parser.add_argument("--rounds", type=_rounds, default=rounds, metavar="N", help=f"default {rounds}")
        parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the order of turns")
    parser.add_argument("--json", metavar="FILE", help="write the findings as JSON; - is standard output")
    parser.add_argument(
        "--write", type=Path, metavar="DOCUMENT", help="replace the block of results in docs/benchmarks.md"
    )
    return parser


def run(parser: argparse.ArgumentParser, benchmark: Benchmark) -> None:
    """Run the benchmark and publish what it found; ends the process with the exit code of what went wrong."""
    options = parser.parse_args()
    try:
        with stage() as here:
            findings = benchmark(here, options)
        publish(findings, f"{findings.markdown()}\n\n{machine_line(here.machine)}", options)
    except BenchError as error:
        say(str(error))
        sys.exit(error.exit_code)


def publish(findings: Findings, text: str, options: argparse.Namespace) -> None:
    """Print the findings as Markdown, and write what was asked for. Raises InputError where that fails."""
    print(text, file=sys.stderr if options.json == "-" else sys.stdout, flush=True)
    if options.json is not None:
        _write_json(findings, options.json)
    if options.write is not None:
        write_block(options.write, findings.benchmark, text)


def _write_json(findings: Findings, where: str) -> None:
    text = json.dumps(findings.document(), indent=2) + "\n"
    if where == "-":
        sys.stdout.write(text)
        return
    try:
        write_whole(Path(where), text.encode())
    except OSError as error:
        raise InputError(f"cannot write {where}: {error.strerror}", "check the path") from error


def say(line: str) -> None:
    """Tell whoever waits, on standard error."""
    print(line, file=sys.stderr, flush=True)


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < FEWEST_PAIRS:
        raise argparse.ArgumentTypeError(f"at least {FEWEST_PAIRS}: fewer pairs have no 95 % interval")
    return int(text)
