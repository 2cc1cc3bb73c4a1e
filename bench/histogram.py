"""HdrHistogram: counts of durations at three significant digits, merged without loss.

The bucket layout and the V2 encoding are those of http://hdrhistogram.org (Gil Tene), so that any tool of
the field reads what is stored; the `hdrh` package does the encoding. Recording and quantiles work on the
array of counts with numpy, because a Python call a request is what the load generator cannot afford.
This module is the only one that knows either library's details.
"""

from typing import Self

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import ArrayLike, NDArray

LOWEST_NS = 1
HIGHEST_NS = 3_600_000_000_000
SIGNIFICANT_DIGITS = 3

_HALF_MAGNITUDE = (
    10  # 2 * 10^3 needs 2^11 sub-buckets, of which every bucket but the first uses the upper half
)
_SUB_BUCKETS = 2 << _HALF_MAGNITUDE
_COUNTS_LENGTH = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS).counts_len


class Histogram:
    """Counts of durations in nanoseconds, from 1 ns to 1 h, each known to one part in a thousand."""

    __slots__ = ("counts",)

    def __init__(self, counts: NDArray[np.int64] | None = None) -> None:
        self.counts = np.zeros(_COUNTS_LENGTH, np.int64) if counts is None else counts

    @classmethod
    def of(cls, durations_ns: ArrayLike) -> Self:
        """A histogram of these durations; what is out of range is counted at the nearest end of it."""
        values = np.clip(np.asarray(durations_ns, np.int64), LOWEST_NS, HIGHEST_NS)
        return cls(np.bincount(_index_of(values), minlength=_COUNTS_LENGTH).astype(np.int64))

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """The histogram of an HdrHistogram V2 compressed base64 text; ValueError where it is not one."""
        try:
            decoded = HdrHistogram.decode(encoded)
        except Exception as error:  # the library raises whatever its zlib, base64 and ctypes calls raise
            raise ValueError(f"not an encoded histogram: {error}") from error
        if decoded.counts_len != _COUNTS_LENGTH:
            raise ValueError("an encoded histogram of another range or precision")
        return cls(np.ctypeslib.as_array(decoded.counts).astype(np.int64))

    def encode(self) -> str:
        """The histogram in HdrHistogram's V2 compressed encoding, base64."""
        target = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
        np.ctypeslib.as_array(target.counts)[:] = self.counts
        filled = np.flatnonzero(self.counts)
        if filled.size:
            target.set_internal_tacking_values(int(filled[0]), int(filled[-1]), self.total)
        encoded: bytes = target.encode()
        return encoded.decode("ascii")

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and bool(np.array_equal(self.counts, other.counts))

    __hash__ = None  # type: ignore[assignment]  # counts change

    @property
    def total(self) -> int:
        """How many durations were counted."""
        return int(self.counts.sum())

    def buckets(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The buckets that hold something, in ascending order: their middles in nanoseconds, and counts."""
        filled = np.flatnonzero(self.counts)
        return (_lowest_of(filled) + _highest_of(filled)) / 2, self.counts[filled]

    def quantile_ns(self, share: float) -> float:
        """The duration that this share (0 to 1) of all stays at or below; nan where nothing was counted.

        As in HdrHistogram, it is the highest duration of the bucket in which the quantile falls.
        """
        total = self.total
        if not total:
            return float("nan")
        rank = max(1, int(np.ceil(share * total - 1e-9)))
        index = int(np.searchsorted(np.cumsum(self.counts), rank))
        return float(_highest_of(np.asarray([index]))[0])


def _index_of(values: NDArray[np.int64]) -> NDArray[np.int64]:
    exponents = np.frexp((values | (_SUB_BUCKETS - 1)).astype(np.float64))[1].astype(np.int64)
    buckets = exponents - (_HALF_MAGNITUDE + 1)
    return ((buckets + 1) << _HALF_MAGNITUDE) + (values >> buckets) - (_SUB_BUCKETS >> 1)


def _bucket_and_sub_bucket(indexes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    buckets = (indexes >> _HALF_MAGNITUDE) - 1
    sub_buckets = (indexes & ((_SUB_BUCKETS >> 1) - 1)) + (_SUB_BUCKETS >> 1)
    first = buckets < 0
    return np.where(first, 0, buckets), np.where(first, sub_buckets - (_SUB_BUCKETS >> 1), sub_buckets)


def _lowest_of(indexes: NDArray[np.int64]) -> NDArray[np.int64]:
    buckets, sub_buckets = _bucket_and_sub_bucket(indexes)
    return sub_buckets << buckets


def _highest_of(indexes: NDArray[np.int64]) -> NDArray[np.int64]:
    buckets, sub_buckets = _bucket_and_sub_bucket(indexes)
    return ((sub_buckets + 1) << buckets) - 1
