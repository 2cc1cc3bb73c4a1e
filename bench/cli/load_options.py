"""The options of `bench load`, and what is made of them."""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.cli.load_values import body_rule, header, length_ns, method, rate_per_s, reading
from bench.cli.output_file import STANDARD_OUTPUT
from bench.conductor.single_load.question import Question
from bench.conductor.single_load.single_load import LoadOrder
from bench.errors import InputError
from bench.load.expectations import Expected
from bench.load.target import Tls
from bench.load.tls import context_for
from bench.results.model import LoadLevel
from bench.units import NS_PER_S, parse_duration_ns

LONGEST_DEFAULT_RAMP_NS = NS_PER_S // 2
CONNECTIONS_CLOSED, CONNECTIONS_OPEN = 32, 64
_FORM = "application/x-www-form-urlencoded"
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What was given on the command line. Durations in nanoseconds; None is what was not given."""

    url: str
    connections: int | None
    duration: int
    rate: float | None
    poisson: bool
    processes: int
    ramp: int | None
    timeout: int
    method: str | None
    header: tuple[tuple[str, str], ...]
    data: str | None
    json_body: str | None
    expect_status: int
    expect_body: tuple[str, str]
    insecure: bool
    ca: Path | None
    allow_remote: tuple[str, ...]
    polls: bool | None
    seed: int
    json_file: str | None
    hlog_file: str | None

    def __post_init__(self) -> None:
        """Refuse options that contradict each other."""
        if self.poisson and self.rate is None:
            raise click.UsageError("--poisson needs a --rate: in a closed loop, answers say when is sent")
        if self.data is not None and self.json_body is not None:
            raise click.UsageError("a request has --data or --json-body, not both")
        if self.insecure and self.ca is not None:
            raise click.UsageError("--insecure checks no certificate, so --ca is of no use with it")
        if (self.json_file, self.hlog_file) == (STANDARD_OUTPUT, STANDARD_OUTPUT):
            raise click.UsageError("only one of --json and --hlog can be standard output")

    @property
    def outputs(self) -> list[str]:
        """The files to write."""
        return [where for where in (self.json_file, self.hlog_file) if where is not None]

    def order(self) -> LoadOrder:
        """How the target is loaded. Raises UsageError where there are too few connections."""
        connections = self.connections or (CONNECTIONS_CLOSED if self.rate is None else CONNECTIONS_OPEN)
        if connections < self.processes:
            raise click.UsageError(f"{self.processes} processes need as many --connections")
        ramp_ns = min(LONGEST_DEFAULT_RAMP_NS, self.duration // 10) if self.ramp is None else self.ramp
        return LoadOrder(
            level=LoadLevel(connections=connections, rate_per_s=self.rate, poisson=self.poisson),
            ramp_ns=ramp_ns,
            counted_ns=self.duration,
            timeout_ns=self.timeout,
            processes=self.processes,
            polls=self.polls,
            seed=self.seed,
        )

    def question(self) -> Question:
        """What is asked, and what a right answer is. Raises UsageError or InputError."""
        body, content_type = self._body()
        headers = self.header
        if content_type and "content-type" not in {name.lower() for name, _ in headers}:
            headers = (*headers, ("Content-Type", content_type))
        kind, content = self.expect_body
        expected = Expected(self.expect_status, None)
        if kind == "contains":
            expected = replace(expected, contains=(content.encode(),))
        elif kind == "sha256":
            expected = replace(expected, sha256=content)
        return Question(
            method=self.method or ("POST" if content_type else "GET"),
            headers=headers,
            body=body,
            expected=expected,
            same_body=kind == "same",
        )

    def tls(self, server_name: str) -> Tls:
        """How TLS is spoken with a server of this name. Raises InputError where the authorities are none."""
        if self.ca is None:
            return Tls(server_name, checked=not self.insecure)
        tls = Tls(server_name, authorities=_content(self.ca).decode("ascii", "replace"))
        try:
            context_for(tls)
        except (ssl.SSLError, ValueError) as error:
            raise InputError(f"{self.ca} holds no certificates", "they are to be in PEM format") from error
        return tls

    def _body(self) -> tuple[bytes, str | None]:
        """The body and its content type."""
        if self.data is not None:
            return _given(self.data), _FORM
        if self.json_body is None:
            return b"", None
        body = _given(self.json_body)
        try:
            json.loads(body)
        except ValueError as error:
            raise click.UsageError(f"--json-body is not JSON: {error}") from error
        return body, "application/json"


def _given(text: str) -> bytes:
    """The text itself, or with `@` before it the content of the file, as curl has it."""
    return _content(Path(text[1:])) if text.startswith("@") else text.encode()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error


_ALL = (
    click.argument("url"),
    click.option(
        "-c", "--connections", type=click.IntRange(1, 10_000), metavar="N",
        help=f"At most so many with --rate.  [default: {CONNECTIONS_CLOSED}, {CONNECTIONS_OPEN} with it]",
    ),
    click.option(
        "-d", "--duration", **reading(length_ns), metavar="DURATION", default="5s", show_default=True,
        help="The counted window.",
    ),
    click.option(
        "-R", "--rate", **reading(rate_per_s), metavar="RATE",
        help="Open loop: a request is due so often, such as 2000/s, whether or not answers come.",
    ),
    click.option("--poisson", is_flag=True, help="With --rate: random arrivals instead of even ones."),
    click.option(
        "--processes", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
        help="Generator processes.",
    ),
    click.option(
        "--ramp", **reading(parse_duration_ns), metavar="DURATION",
        help="Load before the counted window.  [default: a tenth of it, at most 500ms]",
    ),
    click.option(
        "--timeout", **reading(length_ns), metavar="DURATION", default="10s", show_default=True,
        help="An answer that takes longer is an error.",
    ),
    click.option(
        "-X", "--method", **reading(method), metavar="METHOD",
        help="The request's method.  [default: GET, POST with a body]",
    ),
    click.option(
        "-H", "--header", **reading(header), metavar="HEADER", multiple=True,
        help="'Name: value', as often as needed.",
    ),
    click.option(
        "--data", metavar="TEXT|@FILE", help="Send this body, as a form where no header says otherwise."
    ),
    click.option("--json-body", metavar="TEXT|@FILE", help="Send this JSON."),
    click.option(
        "--expect-status", type=click.IntRange(200, 599), default=200, show_default=True, metavar="CODE",
        help="The status of a right answer.",
    ),
    click.option(
        "--expect-body", **reading(body_rule), metavar="RULE", default="same", show_default=True,
        help="The body of a right answer: same (as the first), any, contains:TEXT or sha256:HEX.",
    ),
    click.option("-k", "--insecure", is_flag=True, help="Check no certificate."),
    click.option(
        "--ca", type=click.Path(path_type=Path), metavar="FILE",
        help="Who may have signed the certificate (PEM).  [default: whom the system trusts]",
    ),
    click.option(
        "--allow-remote", multiple=True, metavar="HOST", help="The URL may name this other machine."
    ),
    click.option(
        "--poll/--sleep", "polls", default=None,
        help="Look for answers all the time, or sleep until they come.  [default: poll with cores enough]",
    ),
    click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, metavar="N",
        help="Draws the random arrivals.",
    ),
    click.option(
        "--json", "json_file", metavar="FILE", help="Write the result as JSON; `-` is standard output."
    ),
    click.option(
        "--hlog", "hlog_file", metavar="FILE", help="Write the histogram as an HdrHistogram log."
    ),
)  # fmt: skip


def all_of_them(function: _F) -> _F:
    """Give a command all of these options, in this order."""
    for option in reversed(_ALL):
        function = option(function)
    return function
