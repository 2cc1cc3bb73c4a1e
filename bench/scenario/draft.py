"""A scenario's text as a person would write it, from what was found out about an app."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from bench.scenario.yaml_writing import comment, scalar

MOST_REQUESTS = 8
MOST_EXAMPLES = 8
MOST_MINUTES = 10
CONNECTIONS = (16, 4, 1)
_SECONDS_A_CELL = 5
_SLICES_A_CELL = 24  # in 8 launches three each
_ANSWERS_A_SLICE = 10  # on each connection
_SECONDS_A_SLICE = 5  # at most
_WIDEST_CODE = 48  # a comment beside a longer line would stand where nobody looks


@dataclass(frozen=True)
class DraftServer:
    """A server, and what is said beside it: what it is, or the command that installs it."""

    name: str
    remark: str


@dataclass(frozen=True)
class DraftRequest:
    """A path for GET, what is said beside it, and how long an answer takes (s).

    It `varies` where any body must be accepted.
    """

    path: str
    remark: str
    varies: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class DraftExample:
    """A request to be completed by hand, and what is said beside it; with a body unless it is a GET."""

    method: str
    path: str
    remark: str


@dataclass(frozen=True)
class DraftStatic:
    """Files that the app serves: the prefix of their URLs, their folder, and the URL of one of them."""

    prefix: str
    folder: str
    example: str


@dataclass(frozen=True)
class Draft:
    """What a scenario is made of. Paths are relative to the folder of its file.

    `servers` are measured; `variants` could be as well, and `missing` are not installed. `examples` are
    requests that need a value or a body, `refused` those that were not answered well, and `guarded` is the
    path of one of these that may need a login.
    """

    file: str
    app: str
    kind: str
    servers: Sequence[DraftServer]
    requests: Sequence[DraftRequest]
    directory: str = "."
    python: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    variants: Sequence[DraftServer] = ()
    missing: Sequence[DraftServer] = ()
    examples: Sequence[DraftExample] = ()
    refused: Sequence[DraftExample] = ()
    guarded: str | None = None
    static: DraftStatic | None = None

    @property
    def measured(self) -> Sequence[DraftRequest]:
        """The requests that are measured: the first, and of the next as many as there is time for.

        Those that would need fewer connections are none of them.
        """
        first, *others = self.requests
        taken = [first, *(one for one in others if _fits(one, self.connections))][:MOST_REQUESTS]
        while len(taken) > 1 and self._minutes(taken) > MOST_MINUTES:
            taken.remove(max(taken[1:], key=lambda one: one.seconds))
        return taken

    @property
    def not_measured(self) -> Sequence[DraftRequest]:
        """The others that could be."""
        measured = self.measured
        return [one for one in self.requests if one not in measured]

    @property
    def connections(self) -> int:
        """As many as is usual; fewer where a slice would have few answers to the first request on each."""
        return next(one for one in CONNECTIONS if _fits(self.requests[0], one))

    @property
    def duration(self) -> str:
        """The load over all cells together, so that slices are long against the answers in them."""
        minutes = min(MOST_MINUTES, self._minutes(self.measured))
        return f"{minutes}m" if minutes > 1 else "60s"

    def _minutes(self, requests: Sequence[DraftRequest]) -> int:
        """How long these requests need under all servers, answers being given one after the other."""
        answers = _ANSWERS_A_SLICE * self.connections
        slices = (min(_SECONDS_A_SLICE, answers * one.seconds) for one in requests)
        cells = (max(_SECONDS_A_CELL, _SLICES_A_CELL * one) for one in slices)
        return ceil(len(self.servers) * sum(cells) / 60)


def _fits(request: DraftRequest, connections: int) -> bool:
    """Whether a slice has enough answers on so many connections; there are never too many on one."""
    return connections == 1 or _ANSWERS_A_SLICE * connections * request.seconds <= _SECONDS_A_SLICE


Line = tuple[str, str]
"""Code, and the comment beside it; a comment without code stands by itself, and neither is an empty line."""

_EMPTY: Line = ("", "")


def draft_text(draft: Draft) -> str:
    """The text of the scenario file."""
    parts = (_title, _app, _servers, _requests, _static, _load)
    blocks = [list(part(draft)) for part in parts]
    return "\n".join("\n".join(_aligned(block)) + "\n" for block in blocks if block)


def _title(draft: Draft) -> Iterator[Line]:
    yield "", f"Which server for {draft.app}? Written by `bench init`; change what you like, then:"
    yield "", f"bench run {draft.file}"


def _app(draft: Draft) -> Iterator[Line]:
    yield f"app: {scalar(draft.app)}", draft.kind
    if draft.directory != ".":
        yield f"directory: {scalar(draft.directory)}", "where it is imported from, relative to this file"
    if draft.python is not None:
        yield f"python: {scalar(draft.python)}", "whose packages it and its servers see"
    if draft.environment:
        yield "environment:", "variables that the servers are given"
        for name, value in draft.environment.items():
            yield f"  {scalar(name)}: {scalar(value)}", ""


def _servers(draft: Draft) -> Iterator[Line]:
    yield "servers:", "each is started with the app"
    for server in draft.servers:
        yield f"  - {scalar(server.name)}", server.remark
    for server in draft.variants:
        yield f"  # - {scalar(server.name)}", server.remark
    if draft.missing:
        yield _EMPTY
        yield "", "  not there yet; the command beside it installs it:"
        for server in draft.missing:
            yield f"  # - {scalar(server.name)}", server.remark


def _requests(draft: Draft) -> Iterator[Line]:
    yield "requests:", "each is measured by itself; all of these answered 200"
    for request in draft.measured:
        yield f"  - {_get(request)}", request.remark
    if any(request.varies for request in draft.measured):
        yield "", '  any body is right where it varies; better say what is in it: {body: {contains: "..."}}'
    if draft.not_measured:
        yield _EMPTY
        yield "", "  these answered 200, too; more take longer, and slow ones need fewer connections:"
        for request in draft.not_measured:
            yield f"  # - {_get(request)}", request.remark
    yield from _examples("  to be completed by hand, with a value that there is, or a body:", draft.examples)
    yield from _examples("  left out, as they were not answered well:", draft.refused)
    if draft.guarded is not None:
        login = f"{{path: {scalar(draft.guarded)}, cookies: {{session: ...}}}}"
        yield "", f"  where a login is missing, send what it gave: {login}"


def _static(draft: Draft) -> Iterator[Line]:
    static = draft.static
    if static is not None:
        yield "", f"Files, such as GET {static.example}: with this line those servers serve them that can."
        yield f"# static: {{prefix: {scalar(static.prefix)}, folder: {scalar(static.folder)}}}", ""


def _examples(title: str, examples: Sequence[DraftExample]) -> Iterator[Line]:
    if examples:
        yield _EMPTY
        yield "", title
    for example in examples[:MOST_EXAMPLES]:
        yield f"  # - {_example(example)}", example.remark
    if len(examples) > MOST_EXAMPLES:
        yield "", f"  and {len(examples) - MOST_EXAMPLES} more"


def _get(request: DraftRequest) -> str:
    """The request as an item of a list."""
    if request.varies:
        return f"{{path: {scalar(request.path)}, expect: {{body: any}}}}"
    return scalar(f"GET {request.path}")


def _example(example: DraftExample) -> str:
    if example.method == "GET":
        return scalar(f"GET {example.path}")
    return f"{{method: {example.method}, path: {scalar(example.path)}, json: {{}}}}"


def _load(draft: Draft) -> Iterator[Line]:
    yield "load:", ""
    few = "" if draft.connections == CONNECTIONS[0] else "; few, as answers take long"
    yield (
        f"  connections: {draft.connections}",
        f"each sends its next request when the last one was answered{few}",
    )
    yield "measure:", ""
    yield f"  for: {draft.duration}", "load over all servers and requests together"


def _aligned(lines: Sequence[Line]) -> Iterator[str]:
    """The lines with their comments below one another."""
    column = min(_WIDEST_CODE, max((len(code) for code, said in lines if said), default=0))
    for code, said in lines:
        yield _line(code, comment(said), column)


def _line(code: str, said: str, column: int) -> str:
    if not said:
        return code
    if not code:
        indent = len(said) - len(said.lstrip())
        return f"{said[:indent]}# {said[indent:]}"
    return f"{code:<{column}}  # {said}"
