"""How sure a mean over few cases is.

The percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13): draw as
many cases as there are, with replacement, many times, and look at the spread of the means. It assumes
no distribution, which suits scores that crowd at 1. With the two dozen cases that there are, its bounds
are a little too narrow, which is why no metric has to pass by its lower bound.
"""

import random
from collections.abc import Sequence

CONFIDENCE = 0.95  # one-sided: only a fall matters
_RESAMPLES = 10_000
_SEED = 20261122  # any; the same results get the same verdict


def lower_bound(scores: Sequence[float]) -> float:
    """What the mean is above, with CONFIDENCE."""
    return _means(scores)[int(_RESAMPLES * (1 - CONFIDENCE))]


def upper_bound(scores: Sequence[float]) -> float:
    """What the mean is below, with CONFIDENCE."""
    return _means(scores)[int(_RESAMPLES * CONFIDENCE)]


def _means(scores: Sequence[float]) -> list[float]:
    draw = random.Random(_SEED)
    size = len(scores)
    return sorted(sum(draw.choices(scores, k=size)) / size for _ in range(_RESAMPLES))
