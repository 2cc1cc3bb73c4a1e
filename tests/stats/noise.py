"""Seeded noise as launches and slices have it: log-ratios of two identical versions, for simulated checks.

Every model gives one log-ratio a pair, shape (checks, cells, pairs), centred on 0.
"""

from collections.abc import Callable

import numpy as np
from scipy import signal

from bench.stats.intervals import Floats

Model = Callable[[np.random.Generator, tuple[int, int, int]], Floats]

SIGMA = 0.03
BLOCKS = 3


def gaussian(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return generator.normal(0, SIGMA, shape)


def with_outliers(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """One in twenty has five times the spread: a neighbour woke up, a page was evicted."""
    noise = generator.normal(0, SIGMA, shape)
    noise[generator.random(shape, dtype=np.float32) < 0.05] *= 5
    return noise


def drifting_launches(generator: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    """Launches that each have their luck, on a machine that drifts: the estimate of each."""
    return estimates(drifting_blocks(generator, shape))


def drifting_blocks(generator: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    """Log-ratios of every block, shape (checks, cells, launches, blocks).

    Each launch has luck of its own (2 %) that all its blocks share. All through a check one place (its core,
    its port, to be started first) is better than the other by some 2 %, and the machine gets faster or slower
    by some 2 % a slice with a trend that lasts for dozens of blocks. Who gets which place is drawn for every
    launch, and who goes first for every block; nothing else makes these two come out with either sign.
    """
    checks, cells, launches = shape
    luck = generator.normal(0, 0.02, (*shape, 1))
    place = generator.normal(0, 0.02, (checks, cells, 1, 1)) * either(generator, (*shape, 1))
    trend = autocorrelated(generator, (checks, cells, launches * BLOCKS), 0.02, 0.95).reshape(*shape, BLOCKS)
    drift = trend * either(generator, (*shape, BLOCKS))
    return luck + place + drift + with_outliers(generator, (*shape, BLOCKS))


def autocorrelated(
    generator: np.random.Generator, shape: tuple[int, ...], sigma: float, memory: float
) -> Floats:
    """Noise that keeps so much of itself from one value to the next along the last axis (AR(1))."""
    fresh = generator.normal(0, sigma, shape)
    fresh[..., 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -memory], fresh, axis=-1))


def either(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """A coin toss each: 1 or -1."""
    return generator.integers(0, 2, shape).astype(np.float64) * 2 - 1


def estimates(blocks: Floats) -> Floats:
    """The Hodges-Lehmann estimate along the last axis, for many launches at once."""
    first, second = np.triu_indices(blocks.shape[-1])
    return np.median((blocks[..., first] + blocks[..., second]) / 2, axis=-1)
