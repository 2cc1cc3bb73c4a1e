"""What Locust prints and writes, mended where it would lose something of ours.

Locust keeps whatever times it is told, but its console and CSV files cut them to whole milliseconds, as its
web page does with the shortest and the longest: a fast server needs none. Its CSV files end with what was
counted up to a second before the end, and `--json` empties what is printed after it. And what ends a test by
StopTest is told twice, first as a traceback. Nothing is changed but what a number looks like, that the last
numbers are written, and that nobody has to read the traceback.
"""

import copy
from collections.abc import Callable
from typing import Any

from gevent.hub import get_hub
from locust import stats
from locust.exception import StopTest
from locust.stats import RequestStats, StatsCSV, StatsCSVFileWriter, StatsEntry

_close_files: Callable[[StatsCSVFileWriter], None] = StatsCSVFileWriter.close_files
_row: Callable[..., dict[str, Any]] = StatsEntry.to_dict


def mend_output() -> None:
    """Have this process show times to three digits however short they are, and complete its CSV files."""
    # Locust has no annotations to be kept for these, hence `Any`.
    entry: Any = StatsEntry
    entry.to_string = _line
    entry.percentile = _percentile_line
    entry.to_dict = _row_in_digits
    tables: Any = StatsCSV
    tables._percentile_fields = _percentile_fields
    files: Any = StatsCSVFileWriter
    files.close_files = _complete_files
    hub: Any = get_hub()
    hub.NOT_ERROR = (*hub.NOT_ERROR, StopTest)
    module: Any = stats
    module.print_stats_json = _sparing(stats.print_stats_json)
    module.save_stats_json = _sparing(stats.save_stats_json)


def three_digits(milliseconds: float) -> str:
    """`0.0423`, `1.27`, `35.6`, `1234`."""
    if milliseconds >= 100:
        return f"{milliseconds:.0f}"
    return f"{milliseconds:.3g}"


def _line(entry: StatsEntry, current: bool = True) -> str:
    rate = entry.current_rps if current else entry.total_rps
    failure_rate = entry.current_fail_per_sec if current else entry.total_fail_per_sec
    times = (
        entry.avg_response_time,
        entry.min_response_time or 0,
        entry.max_response_time,
        entry.median_response_time or 0,
    )
    method_width, name_width = stats.STATS_TYPE_WIDTH, stats.STATS_NAME_WIDTH - stats.STATS_TYPE_WIDTH + 4
    failures = f"{entry.num_failures}({entry.fail_ratio:.2%})"
    average, shortest, longest, median = (f"{three_digits(time):>7}" for time in times)
    return (
        f"{entry.method or '':<{method_width}} {entry.name:<{name_width}} {entry.num_requests:>7} "
        f"{failures:>12} |{average} {shortest} {longest}{median} | "
        f"{rate or 0:>7.2f} {failure_rate or 0:>11.2f}"
    )


def _percentile_line(entry: StatsEntry) -> str:
    times = [entry.get_response_time_percentile(share) for share in stats.PERCENTILES_TO_REPORT]
    written = " ".join(f"{three_digits(time):>6}" for time in times)
    method = f"{entry.method or '':<{stats.STATS_TYPE_WIDTH}}"
    # Locust's own line has the first percentile in the column of eight and the count in the last of six.
    return f"{method} {entry.name:<{stats.STATS_NAME_WIDTH}} {written:>8} {entry.num_requests:>6}"


def _percentile_fields(files: StatsCSV, entry: StatsEntry, use_current: bool = False) -> list[Any]:
    if not entry.num_requests:
        return files.percentiles_na
    if use_current and entry.use_response_times_cache:
        percentile = entry.get_current_response_time_percentile
    else:
        percentile = entry.get_response_time_percentile
    return [percentile(share) or 0 for share in files.percentiles_to_report]


def _row_in_digits(entry: StatsEntry, *arguments: Any) -> dict[str, Any]:
    return _row(entry, *arguments) | {
        "min_response_time": float(three_digits(entry.min_response_time or 0)),
        "max_response_time": float(three_digits(entry.max_response_time)),
    }


def _sparing(write: Callable[..., None]) -> Callable[..., None]:
    """A function that writes the statistics, which Locust empties by it, and leaves them as they were."""

    def write_copy(statistics: RequestStats, *rest: Any) -> None:
        write(copy.deepcopy(statistics), *rest)

    return write_copy


def _complete_files(files: StatsCSVFileWriter) -> None:
    for handle, writer, write in (
        (files.requests_csv_filehandle, files.requests_csv_writer, files.requests_csv),
        (files.failures_csv_filehandle, files.failures_csv_writer, files.failures_csv),
        (files.exceptions_csv_filehandle, files.exceptions_csv_writer, files.exceptions_csv),
    ):
        handle.seek(0)
        write(writer)
        handle.truncate()
    _close_files(files)
