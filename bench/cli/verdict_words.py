"""The verdicts as words on the terminal, and their colours where there are colours."""

from bench.stats.inference.verdict import Verdict

WORDS: dict[Verdict, str] = {"regression": "REGRESSION", "pass": "pass", "inconclusive": "inconclusive"}
STYLES: dict[Verdict, str] = {"regression": "bold red", "pass": "green", "inconclusive": "yellow"}
