"""The formats there were: a stored record of an older one is turned into what the record is today.

Each step gets the plain values of one record and gives those of the next format. What is not as that format
had it is handed on as it is: validation says what is wrong with it.
"""

from typing import Any


def run_of_today(stored: Any) -> Any:
    """A run of any known format. Format 1 knew closed loops only: a cell had a number of connections."""
    if not isinstance(stored, dict) or stored.get("format") != 1 or not isinstance(stored.get("cells"), list):
        return stored
    return {**stored, "format": 2, "cells": [_cell_1_to_2(cell) for cell in stored["cells"]]}


def slice_of_today(stored: Any) -> Any:
    """A slice of any known format. In format 1 all durations were service times, and their sum said so."""
    if not isinstance(stored, dict) or "service_time_sum_ns" not in stored:
        return stored
    kept = {key: value for key, value in stored.items() if key != "service_time_sum_ns"}
    return {**kept, "duration_sum_ns": stored["service_time_sum_ns"]}


def _cell_1_to_2(cell: Any) -> Any:
    if not isinstance(cell, dict) or "connections" not in cell:
        return cell
    kept = {key: value for key, value in cell.items() if key != "connections"}
    return {**kept, "load": {"connections": cell["connections"]}}
