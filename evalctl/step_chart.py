"""Draws numbers that change in steps, as an SVG for the documentation."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_WIDTH, _PANEL, _BOTTOM = 720, 250, 25
_LEFT, _RIGHT, _TOP, _BELOW = 60, 20, 30, 25
_MOST_TICKS = 12
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A step for each change: seconds, and the value from then on."""

    name: str
    points: Sequence[tuple[float, int]]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Lines with one axis; the name of a single line is not written."""

    title: str
    lines: Sequence[Line]


def drawn(panels: Sequence[Panel], *, seconds: float, mark: tuple[float, str] | None = None) -> str:
    """Panels below each other with one time axis, from 0 to `seconds`; `mark` is a moment and what happens then."""
    height = _PANEL * len(panels) + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for index, panel in enumerate(panels):
        lines += _panel(panel, top=index * _PANEL, seconds=seconds, mark=mark)
    lines += [
        f'<text x="{_WIDTH / 2}" y="{height - 8}" text-anchor="middle">minutes since the burst</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(
    panel: Panel, *, top: int, seconds: float, mark: tuple[float, str] | None
) -> Iterator[str]:
    most = max(value for line in panel.lines for _, value in line.points) or 1
    ceiling, floor = top + _TOP, top + _PANEL - _BELOW

    def x(second: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * min(second, seconds) / seconds, 1)

    def y(value: float) -> float:
        return round(floor - (floor - ceiling) * value / most, 1)

    yield f'<text x="{_LEFT}" y="{top + 18}">{panel.title}</text>'
    for value in range(0, most + 1, _every(most)):
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value)}" y2="{y(value)}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value}</text>'
    minutes = int(seconds // 60)
    for minute in range(0, minutes + 1, _every(minutes)):
        yield f'<text x="{x(minute * 60)}" y="{floor + 18}" text-anchor="middle">{minute}</text>'
    if mark is not None:
        at, text = x(mark[0]), mark[1]
        yield f'<line x1="{at}" x2="{at}" y1="{ceiling}" y2="{floor}" stroke="#888" stroke-dasharray="4"/>'
        yield f'<text x="{at + 6}" y="{ceiling + 12}">{text}</text>'
    for index, line in enumerate(panel.lines):
        colour = _COLOURS[index]
        steps = [f"M{x(line.points[0][0])},{y(line.points[0][1])}"]
        steps += [
            f"H{x(at)}V{y(value)}" for _, (at, value) in pairwise(line.points) if at < seconds
        ]
        yield f'<path d="{"".join([*steps, f"H{x(seconds)}"])}" fill="none" stroke="{colour}" stroke-width="2"/>'
        if len(panel.lines) > 1:
            yield f'<text x="{_WIDTH - _RIGHT - 150 * (len(panel.lines) - index) + 10}" y="{top + 18}" fill="{colour}">{line.name}</text>'


def _every(most: int) -> int:
    """The distance of the marks of an axis, 1, 2 or 5 and zeros, so that it has few."""
    size = int(10 ** max(int(math.log10(max(most, 1))) - 1, 0))
    steps: list[int] = [1 * size, 2 * size, 5 * size, 10 * size, 20 * size]
    return next(step for step in steps if most / step <= _MOST_TICKS)
