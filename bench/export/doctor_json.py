"""What the doctor found as JSON, for scripts and CI. `docs/doctor.md` tells what each field means."""

import json
from typing import Any

from bench import __version__
from bench.conductor.doctor.examination import Diagnosis
from bench.conductor.doctor.finding import Finding

FORMAT = 1


def doctor_json(diagnosis: Diagnosis) -> bytes:
    """The document as UTF-8 text; the same diagnosis always gives the same bytes."""
    return (json.dumps(doctor_document(diagnosis), indent=2, allow_nan=False) + "\n").encode()


def doctor_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "format": FORMAT,
        "bench": __version__,
        "quick": diagnosis.quick,
        "machine": diagnosis.machine.model_dump(mode="json"),
        "findings": [_finding(one) for one in diagnosis.findings],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "name": one.name,
        "status": one.status,
        "what": one.what,
        "remedy": one.remedy or None,
        "values": dict(one.values),
    }
