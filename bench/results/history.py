"""The formats there were: a stored record of an older one is turned into what the record is today.

Each step gets the plain values of one record and gives those of the next format. What is not as that format
had it is handed on as it is: validation says what is wrong with it.
"""

from typing import Any


def run_of_today(stored: Any) -> Any:
    """A run of any known format.

    Format 1 knew closed loops only: a cell had a number of connections. Until format 2 `setup` was one.
    """
    if not isinstance(stored, dict) or not isinstance(stored.get("cells"), list):
        return stored
    if stored.get("format") == 1:
        stored = {**stored, "format": 2, "cells": [_cell_1_to_2(cell) for cell in stored["cells"]]}
    if stored.get("format") == 2:
        stored = {**stored, "format": 3, "scenario": _scenario_2_to_3(stored.get("scenario"))}
    return stored


def deployment_of_today(stored: Any) -> Any:
    """A deployment of any known format. Until format 2 it was one process, with one command line."""
    if not isinstance(stored, dict) or "command" not in stored:
        return stored
    expected = stored.get("expected_processes")
    part = {"name": stored.get("server"), "command": stored["command"], "processes": expected}
    return {**_without(stored, "command", "expected_processes"), "parts": [part]}


def launched_of_today(stored: Any) -> Any:
    """The start of a deployment, of any known format."""
    if not isinstance(stored, dict) or "command" not in stored:
        return stored
    part = {"name": "", "command": stored["command"]}
    part |= {key: stored.get(key) for key in ("processes", "memory_bytes")}
    return {**_without(stored, "command", "processes", "memory_bytes"), "parts": [part]}


def slice_of_today(stored: Any) -> Any:
    """A slice of any known format. In format 1 all durations were service times, and their sum said so."""
    if not isinstance(stored, dict) or "service_time_sum_ns" not in stored:
        return stored
    kept = _without(stored, "service_time_sum_ns")
    return {**kept, "duration_sum_ns": stored["service_time_sum_ns"]}


def _scenario_2_to_3(scenario: Any) -> Any:
    if not isinstance(scenario, dict) or not scenario.get("setup"):
        return scenario
    return {**scenario, "setup": [scenario["setup"]]}


def _cell_1_to_2(cell: Any) -> Any:
    if not isinstance(cell, dict) or "connections" not in cell:
        return cell
    return {**_without(cell, "connections"), "load": {"connections": cell["connections"]}}


def _without(stored: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in stored.items() if key not in keys}
