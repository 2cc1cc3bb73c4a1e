"""What the scenario requires, on the terminal: a line for each requirement, its verdict first."""

from rich.console import Console
from rich.text import Text

from bench.cli.verdict_words import STYLES, WORDS
from bench.stats.caveats import label
from bench.stats.requirements.requirements import counted, worst_first
from bench.stats.summary import Summary

_WIDTH = max(map(len, WORDS.values()))


def print_requirements(summary: Summary, console: Console) -> None:
    """Print every requirement with its verdict, the worst first; nothing where none is made."""
    if not summary.requirements:
        return
    console.print(Text.assemble("\n", ("requirements", "bold"), f"  {counted(summary.requirements)}"))
    labels = {cell.cell.id: label(cell) for cell in summary.cells}
    for one in worst_first(summary.requirements):
        word = (f"{WORDS[one.verdict]:<{_WIDTH}}", STYLES[one.verdict])
        console.print(Text.assemble(word, f"  {labels[one.cell]}: {one.what}"), soft_wrap=True)
