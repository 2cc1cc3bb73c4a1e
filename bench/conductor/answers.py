"""What a right answer is: the same from every deployment, app and floor alike, in every launch."""

import http.client
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bench.conductor.deployments.deployment import RunningDeployment, refuse_redirect_away
from bench.conductor.deployments.exchange import Answer, ask, request_bytes
from bench.load.expectations import Expected, HeaderCheck, mismatch
from bench.scenario.expectation import Expectation, ExpectedBody
from bench.scenario.model import Request
from bench.units import NS_PER_S

_FIRST_FAILURE = 400  # statuses from here on tell of one


@dataclass(frozen=True)
class Judgement:
    """What every answer must be, and why an answer was not accepted, by deployment.

    Those `unlike` were as the scenario expects, and are among the rejected only because they are not the same
    each time, or everywhere.
    """

    expected: Expected
    rejected: dict[str, str]
    unlike: frozenset[str] = frozenset()


def expected_of(expectation: Expectation) -> Expected:
    """What the scenario expects; a body that is the same everywhere is not known before it has been seen."""
    body = expectation.body if isinstance(expectation.body, ExpectedBody) else ExpectedBody.model_construct()
    return Expected(
        status=expectation.status,
        body=None if body.equal is None else body.equal.encode(),
        headers=tuple(
            HeaderCheck(name.lower(), check.equal or check.contains or "", contains=check.equal is None)
            for name, check in expectation.headers.items()
        ),
        contains=tuple(piece.encode() for piece in body.contains),
        json=tuple(body.json_values.items()),
        sha256=body.sha256,
    )


def without_expectation(request: Request) -> Request:
    """The same request to an app that answers 200, and the same body each time."""
    return request.model_copy(update={"expect": Expectation()})


def judge_answers(
    request: Request,
    deployments: Sequence[RunningDeployment],
    known: bytes | None,
    response_timeout_ns: int,
) -> Judgement:
    """Ask each deployment twice; hold the answers against what is expected, and where that is so, compare.

    Where all bodies must be the same, it is the one `known` from an earlier launch that must come, else the
    one most deployments gave, and of several given equally often the one that came first.
    """
    expected = expected_of(request.expect)
    accepted: dict[str, bytes] = {}
    rejected: dict[str, str] = {}
    varying: dict[str, str] = {}
    for deployment in deployments:
        name = deployment.deployment.id
        outcome = _ask_twice(request, expected, deployment, response_timeout_ns / NS_PER_S)
        if isinstance(outcome, str):
            rejected[name] = outcome
        elif outcome[0] != outcome[1] and request.expect.body == "same":
            varying[name] = _varies(request)
        else:
            accepted[name] = outcome[0]
    if request.expect.body != "same":
        return Judgement(expected, rejected)
    body = known if known is not None else most_common(accepted.values())
    unlike = varying | {name: differs(answer) for name, answer in accepted.items() if answer != body}
    return Judgement(replace(expected, body=body), rejected | unlike, frozenset(unlike))


def differs(answer: bytes) -> str:
    """Why a body that is not the right one is not accepted."""
    return f"its body ({len(answer)} bytes) differs from the other deployments' answer"


def _varies(request: Request) -> str:
    return (
        f"answers {request.label} differently each time, so that its body cannot be verified; "
        "where that is as it should be, write `expect: {body: any}`"
    )


def _ask_twice(
    request: Request, expected: Expected, deployment: RunningDeployment, timeout_s: float
) -> tuple[bytes, bytes] | str:
    """The bodies of two right answers, or what is wrong with one."""
    endpoint = deployment.endpoint
    data = request_bytes(request, endpoint.port)
    try:
        first, second = (ask(data, request.method, endpoint, timeout_s) for _ in range(2))
    except (OSError, http.client.HTTPException) as error:
        return f"no answer to {request.label}: {error or type(error).__name__}"
    for answer in (first, second):
        if wrong := _wrong(request, expected, answer):
            return wrong
    return first.body, second.body


def _wrong(request: Request, expected: Expected, answer: Answer) -> str | None:
    """What is wrong with the answer, by the same checks as those of the load generator."""
    if answer.status != expected.status:
        refuse_redirect_away(answer, request)
        right = f"; where that is right, write `expect: {{status: {answer.status}}}`"
        what = f"answers {answer.status} instead of {expected.status} to {request.label}"
        return what + (right if answer.status < _FIRST_FAILURE else "")
    found = mismatch(expected, answer.status, answer.fields, answer.body)
    return f"answers {request.label} wrongly: {found[1]}" if found else None


def most_common(bodies: Iterable[bytes]) -> bytes | None:
    """The body given most often, and of several given equally often the one that came first."""
    counted = Counter(bodies).most_common(1)
    return counted[0][0] if counted else None
