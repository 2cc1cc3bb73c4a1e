"""Does our generator tell the truth? A server whose answers take a known time, and one that stops for 2 s.

Claims: the median it tells is within 0.1 ms or 1 % of the known time, whichever is more, at 1, 5, 20 and
100 ms, in the closed and in the open loop; the rate is within 1 % of what was ordered, and in the closed loop
of what the connections and the mean service time make it (Little's law). Where the server is stopped for two
seconds at a fixed rate, the longest latency is at least 1.9 s, and the requests that were due meanwhile are
all there, delayed by as much as they were. Where one answer in fifty outlasts the slices of a closed loop,
the generator tells of as many, each with all of its time.

The server's own lateness is measured by itself, with the same clock, and shown: the time it adds is not the
generator's mistake. What a request takes to come and go is in neither.
"""

import argparse
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from subprocess import Popen

import numpy as np

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.units import NS_PER_MS, NS_PER_S, format_duration
from benchmarks.findings import Bar, Finding, Findings, table
from benchmarks.our_generator import open_arrivals, order_for, our_generator
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.timed_target import timed_target

NAME = "known_latency"
LATENCIES_MS = (1, 5, 20, 100)
CLOSED_CONNECTIONS, OPEN_CONNECTIONS = 8, 256
OPEN_RATE = 200
STOPPED_AT_S, STOPPED_FOR_S, STOPPED_RATE = 1.0, 2.0, 500
SLICES, SLICE_NS, RAMP_NS = 200, 60 * NS_PER_MS, 5 * NS_PER_MS
ONE_IN, LONG_NS = 50, 150 * NS_PER_MS
DELAYED_NS = (100 * NS_PER_MS, NS_PER_S)
ONE_PERCENT = Bar("0.99 to 1.01", lowest=0.99, highest=1.01)
LONGEST = Bar("at least 1.9 s", lowest=1.9 * NS_PER_S)
DELAYED = Bar("0.98 to 1.02", lowest=0.98, highest=1.02)
OUTLASTING = Bar("0.9 to 1.1", lowest=0.9, highest=1.1)
ALL = Bar("all", lowest=1, highest=1)


@dataclass(frozen=True)
class Told:
    """What the generator told of a known latency in each loop, and how late the server was (ns)."""

    latency_ns: int
    closed: SliceOutcome
    open: SliceOutcome
    server_late_ns: tuple[float, float]


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Each latency in both loops; then the server that stops."""
    told = [ask_in_both_loops(stage, latency_ms * NS_PER_MS, options.seconds) for latency_ms in LATENCIES_MS]
    findings = [found for one in told for found in findings_of(one)]
    stopped_s, outcome = ask_while_stopped(stage)
    findings += stop_findings(stopped_s, outcome)
    findings.append(outlasting_finding(ask_in_slices(stage)))
    return Findings(NAME, taken(options), findings, (lateness_of(told),))


def ask_in_both_loops(stage: Stage, latency_ns: int, seconds: float) -> Told:
    """A slice of each loop on a server of this latency."""
    say(f"answers that take {format_duration(latency_ns)}")
    with timed_target(stage, latency_ns) as timed, our_generator(stage, {"timed": timed.target}) as ours:
        closed = ours.turn(order_for("timed", CLOSED_CONNECTIONS, closed_seconds(latency_ns, seconds)))
        at_rate = ours.turn(order_for("timed", OPEN_CONNECTIONS, seconds, OPEN_RATE))
    late = np.quantile(timed.late_ns(), (0.5, 0.99))
    return Told(latency_ns, closed, at_rate, (float(late[0]), float(late[1])))


def closed_seconds(latency_ns: int, seconds: float) -> float:
    """Long enough for 200 answers a connection: one more or less is then half a percent."""
    return max(seconds, 200 * latency_ns / NS_PER_S)


def findings_of(told: Told) -> Iterator[Finding]:
    """The median of each loop and its rate."""
    known = format_duration(told.latency_ns)
    yield median_finding(f"{known}, closed loop: p50", told.latency_ns, told.closed)
    yield median_finding(f"{known}, {OPEN_RATE}/s: p50", told.latency_ns, told.open)
    in_flight = told.closed.duration_sum_ns / told.closed.counted_ns / CLOSED_CONNECTIONS
    yield Finding(
        f"{known}, closed loop: rate x mean service time / connections",
        in_flight,
        f"{in_flight:.4f}",
        bar=ONE_PERCENT,
    )
    rate = told.open.requests * NS_PER_S / told.open.counted_ns / OPEN_RATE
    yield Finding(f"{known}, {OPEN_RATE}/s: rate of answers / ordered", rate, f"{rate:.4f}", bar=ONE_PERCENT)


def median_finding(what: str, latency_ns: int, outcome: SliceOutcome) -> Finding:
    """A median against what it should be."""
    tolerance_ns = max(NS_PER_MS // 10, latency_ns // 100)
    bar = Bar(
        f"within {format_duration(tolerance_ns)}",
        lowest=latency_ns - tolerance_ns,
        highest=latency_ns + tolerance_ns,
    )
    found = Histogram.decode(outcome.histogram).quantile_ns(0.5)
    return Finding(what, found, f"{found / NS_PER_MS:.3f} ms", bar=bar)


def ask_while_stopped(stage: Stage) -> tuple[float, SliceOutcome]:
    """A slice at a fixed rate in which the server is stopped; with for how long it was (s)."""
    say(f"a server that is stopped for {STOPPED_FOR_S:.0f} s")
    seconds = STOPPED_AT_S + STOPPED_FOR_S + 2.0
    with timed_target(stage, NS_PER_MS) as timed, our_generator(stage, {"timed": timed.target}) as ours:
        stopped_s: list[float] = []
        stop = threading.Thread(target=lambda: stopped_s.append(stop_for_a_while(timed.process)))
        stop.start()
        try:
            outcome = ours.turn(order_for("timed", OPEN_CONNECTIONS, seconds, STOPPED_RATE))
        finally:
            stop.join()
    return stopped_s[0], outcome


def stop_for_a_while(process: Popen[bytes]) -> float:
    """Stop a process and let it go on; returns the seconds between the two."""
    time.sleep(STOPPED_AT_S)
    process.send_signal(signal.SIGSTOP)
    begin = time.perf_counter()
    try:
        time.sleep(STOPPED_FOR_S)
    finally:
        process.send_signal(signal.SIGCONT)
    return time.perf_counter() - begin


def stop_findings(stopped_s: float, outcome: SliceOutcome) -> Iterator[Finding]:
    """The longest latency, the delayed requests, and whether any is missing."""
    longest = f"{outcome.longest_ns / NS_PER_S:.3f} s"
    yield Finding("stopped: the longest latency", outcome.longest_ns, longest, bar=LONGEST)
    for delay_ns in DELAYED_NS:
        yield delayed_finding(stopped_s, outcome, delay_ns)
    due = open_arrivals(outcome).due
    answered = f"{outcome.requests:,} of {due:,}"
    yield Finding("stopped: answers to all that was due", outcome.requests / due, answered, bar=ALL)


def delayed_finding(stopped_s: float, outcome: SliceOutcome, delay_ns: int) -> Finding:
    """How many were delayed by more than this, of those that were due as long before the end of the stop."""
    found = slower_than(outcome, delay_ns)
    expected = STOPPED_RATE * (stopped_s - delay_ns / NS_PER_S)
    return Finding(
        f"stopped: latencies above {format_duration(delay_ns)}, of those due by as long before its end",
        found / expected,
        f"{found:,} of {expected:,.0f}",
        bar=DELAYED,
    )


def ask_in_slices(stage: Stage) -> list[SliceOutcome]:
    """Slices as a run has them, shorter than what one answer in fifty takes."""
    say(f"one answer in {ONE_IN} takes {format_duration(LONG_NS)}, slices take {format_duration(SLICE_NS)}")
    with (
        timed_target(stage, NS_PER_MS, ONE_IN, LONG_NS) as timed,
        our_generator(stage, {"timed": timed.target}) as ours,
    ):
        return [ours.slice("timed", CLOSED_CONNECTIONS, RAMP_NS, SLICE_NS) for _ in range(SLICES)]


def outlasting_finding(outcomes: Sequence[SliceOutcome]) -> Finding:
    """How many counted answers took as long as those that outlast a slice, of a fiftieth of all."""
    found = sum(slower_than(one, LONG_NS * 9 // 10) for one in outcomes)
    expected = sum(one.requests for one in outcomes) / ONE_IN
    return Finding(
        f"one in {ONE_IN} takes {format_duration(LONG_NS)}, slices {format_duration(SLICE_NS)}: such answers",
        found / expected,
        f"{found:,} of {expected:,.0f}",
        bar=OUTLASTING,
    )


def slower_than(outcome: SliceOutcome, threshold_ns: int) -> int:
    """How many durations lie above the threshold, and its bucket of the histogram."""
    (place,) = np.flatnonzero(Histogram.of([threshold_ns]).counts)
    return int(Histogram.decode(outcome.histogram).counts[place + 1 :].sum())


def lateness_of(told: Sequence[Told]) -> str:
    """How exact the server itself was."""
    rows = [
        (format_duration(one.latency_ns), *(format_duration(late) for late in one.server_late_ns))
        for one in told
    ]
    return table(("answers that take", "sent late by the server, p50", "p99"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"At least {options.seconds} s in each loop: closed with {CLOSED_CONNECTIONS} connections, open at "
        f"{OPEN_RATE} requests/s. The stop: {STOPPED_FOR_S:.0f} s at {STOPPED_RATE} requests/s. "
        f"Answers that outlast a slice: {SLICES} slices with {CLOSED_CONNECTIONS} connections."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__)
    parser.add_argument("--seconds", type=int, default=5, metavar="S", help="in each loop; default 5")
    run(parser, measure)


if __name__ == "__main__":
    main()
