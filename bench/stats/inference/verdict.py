"""The three verdicts, of a gate and of a requirement alike."""

from typing import Literal

Verdict = Literal["regression", "pass", "inconclusive"]
