import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InputError
from bench.results.baseline_file import (
    FORMAT,
    Baseline,
    Fact,
    KeptCell,
    KeptMetric,
    read_baseline,
    write_baseline,
)
from bench.results.model import LoadLevel

LOADS = (LoadLevel(connections=16), LoadLevel(connections=64, rate_per_s=500.0, poisson=True))


def baseline(log_ratios: tuple[float | None, ...] = (0.1, None, 0.125)) -> Baseline:
    metrics = {name: KeptMetric(log_ratios=log_ratios, typical=812.5) for name in ("goodput", "cpu")}
    return Baseline(
        run="shop-1",
        measured_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        facts=(
            Fact("processor", "AMD \u201cEPYC\u201d", matters=True),
            Fact("app", "a:b", matters=True, of="x"),
        ),
        cells=tuple(
            KeptCell(deployment="gunicorn", request="GET /", load=load, metrics=metrics) for load in LOADS
        ),
    )


def stored(tmp_path: Path) -> dict[str, Any]:
    write_baseline(tmp_path / "kept.json", baseline())
    whole: dict[str, Any] = json.loads((tmp_path / "kept.json").read_text())
    return whole


def complaint(tmp_path: Path, content: object) -> str:
    path = tmp_path / "baseline.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert caught.value.remedy
    return caught.value.what.replace(str(tmp_path), "")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(path, baseline())
    assert read_baseline(path) == baseline()
    write_baseline(path, read_baseline(path))
    assert read_baseline(path) == baseline()


@given(st.lists(st.none() | st.floats(-3, 3), min_size=1, max_size=5))
def test_ratios_are_kept_to_a_thousandth_of_a_percent(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None]
) -> None:
    path = tmp_path_factory.mktemp("kept") / "baseline.json"
    write_baseline(path, baseline(tuple(values)))
    kept = read_baseline(path).cells[0].metrics["cpu"].log_ratios
    for one, value in zip(kept, values, strict=True):
        assert (one is None) == (value is None)
        assert one is None or value is None or math.isclose(one, value, abs_tol=1e-5)


def test_it_is_small_and_has_a_line_for_each_fact_and_cell(tmp_path: Path) -> None:
    write_baseline(tmp_path / "kept.json", baseline((0.123456789,) * 24))
    lines = (tmp_path / "kept.json").read_text().splitlines()
    assert sum('"log_ratios"' in line for line in lines) == 2
    assert sum('"matters"' in line for line in lines) == 2
    assert all(len(line) < 700 for line in lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{\n  'a'", "/baseline.json:2:3: this is not JSON"),
        ("", "/baseline.json:1:1: this is not JSON"),
        ("[1]", "is not a baseline"),
        ({"format": 2, "id": "a run"}, "is not a baseline"),
        ({"format": "1", "cells": [], "facts": []}, "is not a baseline"),
        ({"format": True, "cells": [], "facts": []}, "is not a baseline"),
        ({"format": FORMAT + 1, "cells": [], "facts": []}, f"of baseline format {FORMAT + 1}"),
        ({"format": 1, "cells": [], "facts": []}, "is damaged: run: Field required"),
    ],
)
def test_what_is_no_baseline_is_refused_with_the_reason(tmp_path: Path, content: object, said: str) -> None:
    assert said in complaint(tmp_path, content)


def test_what_is_damaged_is_refused_with_its_place(tmp_path: Path) -> None:
    whole = stored(tmp_path)
    whole["cells"][1]["metrics"]["cpu"]["log_ratios"][0] = "fast"
    assert "is damaged: cells.1.metrics.cpu.log_ratios.0: " in complaint(tmp_path, whole)
    whole = stored(tmp_path)
    whole["cells"][0]["metrics"]["cpu"]["log_ratios"].pop()
    assert "do not all have as many launches" in complaint(tmp_path, whole)
    whole = stored(tmp_path)
    whole["cells"][0] = whole["cells"][1]
    assert "is there twice" in complaint(tmp_path, whole)
    assert "holds no cell" in complaint(tmp_path, {**whole, "cells": []})
    assert "is damaged: more: " in complaint(tmp_path, {**stored(tmp_path), "more": 1})


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    write_baseline(tmp_path / "kept.json", baseline())
    text = (tmp_path / "kept.json").read_text()
    for number in ("NaN", "Infinity", "1e999"):
        assert "is damaged" in complaint(tmp_path, text.replace("0.125", number, 1))


def test_a_file_that_is_not_there_or_not_text_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the baseline"):
        read_baseline(tmp_path / "missing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError):
        read_baseline(tmp_path / "binary")
    with pytest.raises(InputError, match="cannot write the baseline"):
        write_baseline(tmp_path / "no" / "folder.json", baseline())
