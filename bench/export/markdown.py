"""A run in Markdown, for a pull-request comment or the summary of a CI job: the verdict first."""

from bench.export.markdown_check import check_pieces
from bench.export.markdown_run import run_pieces
from bench.export.markup import Document, code
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Summary

COMMENT_LIMIT = 65_536
STEP_SUMMARY_LIMIT = 1 << 20


def markdown(summary: Summary, check: CheckSummary | None = None, limit: int = COMMENT_LIMIT) -> bytes:
    """The document, UTF-8, of `limit` bytes at most: what does not fit is cut off, and it says so.

    GitHub counts a comment in characters, of which there are never more than bytes.
    """
    pieces = run_pieces(summary) if check is None else check_pieces(check)
    command = code(f"bench report {summary.run.id}")
    cut = f"Cut off here, for there is no room for more: {command} makes the whole report."
    return Document(tuple(pieces)).within(limit, cut).encode()
