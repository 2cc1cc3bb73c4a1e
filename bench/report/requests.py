"""The requests of a mix or of a locustfile, told apart: each with all that answered it, one below another."""

from dataclasses import dataclass

from bench.report.standings import Condition
from bench.report.tables import percentile_of
from bench.report.theme import Styles
from bench.stats.summary import CellSummary, RequestSummary

PERCENTILES = {"p50": 0.5, "p99": 0.99}


@dataclass(frozen=True)
class RequestRow:
    """One request as one server answered it."""

    name: str
    mark: str
    role: str
    valid: bool
    columns: dict[str, str]


@dataclass(frozen=True)
class RequestRows:
    """One request of several, and how every server answered it with the app."""

    request: str
    rows: tuple[RequestRow, ...]


def requests_of(condition: Condition, styles: Styles) -> tuple[RequestRows, ...]:
    """The requests by name; none where the condition has but one."""
    names = sorted({name for cell in condition.app for name in cell.by_request})
    return tuple(
        RequestRows(
            name,
            tuple(
                _row(cell, cell.by_request[name], styles) for cell in condition.app if name in cell.by_request
            ),
        )
        for name in names
    )


def _row(cell: CellSummary, one: RequestSummary, styles: Styles) -> RequestRow:
    style = styles[cell.deployment.name]
    columns = {name: percentile_of(one.histogram, share) for name, share in PERCENTILES.items()}
    return RequestRow(
        name=cell.deployment.name,
        mark=style.mark,
        role=style.role,
        valid=cell.valid,
        columns={"requests": f"{one.requests:,}", **columns},
    )
