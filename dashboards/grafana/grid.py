"""Where panels stand on Grafana's grid: lines of equal height that fill its 24 columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.observable import Board, Chart, Observable, Row

COLUMNS = 24
HEADING_HEIGHT = 1
CHART_HEIGHT = 8
STAT_HEIGHT = 4  # of a line that holds nothing but single numbers

# Columns that a chart needs to be read; what a line has left is shared out.
_LEAST_WIDTH = {Chart.STAT: 5, Chart.TIME_SERIES: 8, Chart.BARS: 8, Chart.TABLE: 12}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rectangle of the grid."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class PlacedRow:
    """A row's heading and its observables, each with its place."""

    row: Row
    heading: Place
    observables: tuple[tuple[Observable, Place], ...]


def placed(board: Board) -> Iterator[PlacedRow]:
    """The board's rows from top to bottom."""
    y = 0
    for row in board.rows:
        heading = Place(x=0, y=y, width=COLUMNS, height=HEADING_HEIGHT)
        y += HEADING_HEIGHT
        observables: list[tuple[Observable, Place]] = []
        for line in _lines(row.observables):
            height = (
                STAT_HEIGHT
                if all(observable.chart is Chart.STAT for observable in line)
                else CHART_HEIGHT
            )
            x = 0
            for observable, width in zip(line, _widths(line), strict=True):
                observables.append((observable, Place(x=x, y=y, width=width, height=height)))
                x += width
            y += height
        yield PlacedRow(row=row, heading=heading, observables=tuple(observables))


def _lines(observables: Sequence[Observable]) -> Iterator[list[Observable]]:
    """As few lines as they need, about equally full: 3 + 3 + 2 + 2 rather than 3 + 3 + 3 + 1."""
    rest = list(observables)
    lines = _fewest_lines(rest)
    while rest:
        share = sum(map(_least_width, rest)) / max(lines, 1)
        line = [rest.pop(0)]
        while rest and _fits(line, rest[0]) and sum(map(_least_width, line)) < share:
            line.append(rest.pop(0))
        lines -= 1
        yield line


def _fewest_lines(observables: Sequence[Observable]) -> int:
    lines: list[list[Observable]] = [[]]
    for observable in observables:
        if not _fits(lines[-1], observable):
            lines.append([])
        lines[-1].append(observable)
    return len(lines)


def _fits(line: Sequence[Observable], observable: Observable) -> bool:
    return sum(map(_least_width, line)) + _least_width(observable) <= COLUMNS


def _least_width(observable: Observable) -> int:
    return _LEAST_WIDTH[observable.chart]


def _widths(line: Sequence[Observable]) -> list[int]:
    """The least widths, stretched to the last column; beside charts a single number stays narrow."""
    stretched = [item for item in line if item.chart is not Chart.STAT] or line
    least = sum(map(_least_width, stretched))
    room = COLUMNS - sum(map(_least_width, line)) + least
    widths: list[int] = []
    before = 0
    for observable in line:
        width = _least_width(observable)
        if observable in stretched:
            width = round((before + width) * room / least) - round(before * room / least)
            before += _least_width(observable)
        widths.append(width)
    return widths
