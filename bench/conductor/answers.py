"""What a right answer is: the same from every deployment, app and floor alike, in every launch."""

import http.client
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.conductor.deployment import RunningDeployment, refuse_redirect_away
from bench.conductor.exchange import ask, request_bytes
from bench.scenario.model import Request
from bench.units import NS_PER_S


@dataclass(frozen=True)
class Judgement:
    """The body every deployment must give (None: any), and why an answer was not accepted, by deployment."""

    body: bytes | None
    rejected: dict[str, str]


def judge_answers(
    request: Request,
    deployments: Sequence[RunningDeployment],
    known: bytes | None,
    response_timeout_ns: int,
) -> Judgement:
    """Ask each deployment twice and compare.

    The body that must come is the one `known` from an earlier launch, else the one most deployments gave,
    and of several given equally often the one that came first.
    """
    accepted: dict[str, bytes] = {}
    rejected: dict[str, str] = {}
    for deployment in deployments:
        outcome = _ask_twice(request, deployment, response_timeout_ns / NS_PER_S)
        if isinstance(outcome, str):
            rejected[deployment.deployment.id] = outcome
        else:
            accepted[deployment.deployment.id] = outcome
    if request.expect.body == "any":
        return Judgement(None, rejected)
    body = known if known is not None else _most_common(accepted.values())
    for name, answer in accepted.items():
        if answer != body:
            rejected[name] = f"its body ({len(answer)} bytes) differs from the other deployments' answer"
    return Judgement(body, rejected)


def _ask_twice(request: Request, deployment: RunningDeployment, timeout_s: float) -> bytes | str:
    """The body of a right answer, or what is wrong with it."""
    data = request_bytes(request, deployment.port)
    try:
        first, second = (ask(data, request.method, deployment.port, timeout_s) for _ in range(2))
    except (OSError, http.client.HTTPException) as error:
        return f"no answer to {request.label}: {error or type(error).__name__}"
    for answer in (first, second):
        if answer.status != request.expect.status:
            refuse_redirect_away(answer, request)
            return f"answers {answer.status} instead of {request.expect.status} to {request.label}"
    if request.expect.body == "same" and first.body != second.body:
        return (
            f"answers {request.label} differently each time, so that its body cannot be verified; "
            "where that is as it should be, write `expect: {body: any}`"
        )
    return first.body


def _most_common(bodies: Iterable[bytes]) -> bytes | None:
    counted = Counter(bodies).most_common(1)
    return counted[0][0] if counted else None
