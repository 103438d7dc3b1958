"""Draws how many workers there were, as an SVG for the documentation."""

from collections.abc import Sequence
from itertools import pairwise

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 20, 30, 45
_MOST_TICKS = 12


def drawn(points: Sequence[tuple[float, int]], *, ended: float, seconds: float) -> str:
    """A step for each change (seconds since the burst, workers); a line where the jobs end."""
    most = max(workers for _, workers in points)

    def x(second: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * second / seconds, 1)

    def y(workers: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * workers / most, 1)

    steps = [f"M{x(points[0][0])},{y(points[0][1])}"]
    steps += [f"H{x(after[0])}V{y(after[1])}" for _, after in pairwise(points)]
    steps.append(f"H{x(seconds)}")
    across = [
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(workers)}" y2="{y(workers)}" stroke="#ddd"/>'
        f'<text x="{_LEFT - 8}" y="{y(workers) + 4}" text-anchor="end">{workers}</text>'
        for workers in range(0, most + 1, _every(most))
    ]
    minutes = int(seconds // 60)
    along = [
        f'<text x="{x(minute * 60)}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{minute}</text>'
        for minute in range(0, minutes + 1, _every(minutes))
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *across,
        *along,
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">minutes since the burst</text>',
        f'<text x="{_LEFT}" y="18">workers</text>',
        f'<line x1="{x(ended)}" x2="{x(ended)}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#888" stroke-dasharray="4"/>',
        f'<text x="{x(ended) + 6}" y="{_TOP + 12}">the queue is empty</text>',
        f'<path d="{"".join(steps)}" fill="none" stroke="#1f6feb" stroke-width="2"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _every(most: int) -> int:
    """The distance of the marks of an axis, so that it has few."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100) if most / step <= _MOST_TICKS)
