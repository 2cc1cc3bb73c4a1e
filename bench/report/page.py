"""The page: everything the template needs, put together once, and rendered."""

from bench.report.answer import answers
from bench.report.by_part import divided
from bench.report.deployments import deployments_of
from bench.report.figures import (
    ConditionFigures,
    PageFigure,
    deployment_figures_of,
    figures_of,
    load_figures_of,
)
from bench.report.frame import rendered
from bench.report.notices import notices
from bench.report.requests import requests_of
from bench.report.requirements import requirement_rows
from bench.report.standings import Condition, conditions_of
from bench.report.tables import TableRow, machine_of, repeat_command, table_of
from bench.report.theme import Styles, styles_of
from bench.report.words import moment, typeset
from bench.results.model import Measurements
from bench.stats.noise import sentence as noise_sentence
from bench.stats.split import sentence
from bench.stats.summary import CellSummary, Summary
from bench.stats.tally import in_rounds

SHOWN_AT_ONCE = 5  # of what is said of every deployment; more of it is folded away

STATUS = {
    "complete": "Complete: every planned block was measured.",
    "partial": "Partial: the run was stopped before its end, so intervals are wider than planned.",
    "running": "Unfinished: this is what had been measured when the report was made.",
}


def render_report(summary: Summary, measurements: Measurements) -> bytes:
    """The report as one HTML file, UTF-8; the same input gives the same bytes."""
    return rendered("report.html.j2", _content(summary, measurements))


def _content(summary: Summary, measurements: Measurements) -> dict[str, object]:
    run = summary.run
    styles = styles_of(each.name for each in run.deployments)
    conditions = conditions_of(summary)
    return {
        "run": run,
        "app": str(run.scenario.get("app", "the app")),
        "answers": answers(summary),
        "status": STATUS[run.status],
        "noise": _noise(summary),
        "started": moment(run.started_at),
        "machine": machine_of(run.machine),
        "blocks": len(measurements.blocks),
        "launches": len(measurements.launches),
        "load_share": summary.load_share_of_wall,
        "in_rounds": in_rounds(run),
        "valid": sum(cell.valid for cell in summary.cells),
        "cells": len(summary.cells),
        "notices": notices(summary, measurements),
        "requirements": requirement_rows(summary),
        "shown_at_once": SHOWN_AT_ONCE,
        "sections": [_section(each, summary, styles) for each in conditions],
        "is_open": any(each.load.is_open for each in conditions),
        "is_closed": not conditions or any(not each.load.is_open for each in conditions),
        "deployment_figures": deployment_figures_of(_one_a_deployment(conditions), styles),
        "deployments": deployments_of(measurements),
        "has_floor": any(each.floor for each in conditions),
        "has_parts": any(len(each.parts) > 1 for each in run.deployments),
        "repeat": repeat_command(run),
        "seed": run.seed,
    }


def _section(condition: Condition, summary: Summary, styles: Styles) -> dict[str, object]:
    """What repeats for each request and load."""
    names = {each.id: each.name for each in summary.run.deployments}
    figures: ConditionFigures = figures_of(condition, names, styles)
    load_figures: tuple[PageFigure, ...] = load_figures_of(condition, styles)
    rows: tuple[TableRow, ...] = table_of(condition, summary, styles)
    return {
        "number": condition.number,
        "title": condition.title,
        "figures": figures,
        "gains": [
            typeset(sentence(split, names.get(split.deployment, split.deployment)))
            for split in condition.split
        ],
        "load_figures": load_figures,
        "is_open": condition.load.is_open,
        "requests": requests_of(condition, styles),
        "divided": divided(condition, styles),
        "rows": rows,
    }


def _noise(summary: Summary) -> str:
    """What a deployment came out at against itself; nothing where that was not measured."""
    if summary.noise is None:
        return ""
    names = {each.id: each.name for each in summary.run.deployments}
    return noise_sentence(summary.noise, names[summary.noise.deployment])


def _one_a_deployment(conditions: tuple[Condition, ...]) -> tuple[CellSummary, ...]:
    """One cell for each deployment of the app: memory and start-up are the same in all of its cells."""
    found = {cell.deployment.id: cell for condition in reversed(conditions) for cell in condition.app}
    return tuple(
        {cell.deployment.id: found[cell.deployment.id] for each in conditions for cell in each.app}.values()
    )
