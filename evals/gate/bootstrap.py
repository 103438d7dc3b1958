"""How sure a mean over few cases is.

The percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13) draws as
many cases as there are, with replacement, many times, and takes the spread of the means. It assumes no
distribution, which suits scores that gather at 1. With about two dozen cases its bounds are a little too
narrow. For this reason no metric has to pass by its lower bound.
"""

import random
from collections.abc import Sequence
from functools import cache

CONFIDENCE = 0.95  # one-sided: only a drop matters
_RESAMPLES = 10_000
_SEED = 20261122  # arbitrary, but fixed: the same results get the same verdict


def lower_bound(scores: Sequence[float]) -> float:
    """The mean is above this value, with CONFIDENCE."""
    return _means(tuple(scores))[int(_RESAMPLES * (1 - CONFIDENCE))]


def upper_bound(scores: Sequence[float]) -> float:
    """The mean is below this value, with CONFIDENCE."""
    return _means(tuple(scores))[int(_RESAMPLES * CONFIDENCE)]


@cache
def _means(scores: tuple[float, ...]) -> list[float]:
    generator = random.Random(_SEED)
    size = len(scores)
    return sorted(sum(generator.choices(scores, k=size)) / size for _ in range(_RESAMPLES))
