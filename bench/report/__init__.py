"""The HTML report and its plots. Pure: a summary in, bytes out."""

from bench.report.page import render_report

__all__ = ["render_report"]
