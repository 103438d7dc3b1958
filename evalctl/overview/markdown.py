"""Markdown tables."""

from collections.abc import Iterable, Iterator


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table's lines; a bar in a cell is text."""
    first = list(headings)
    yield _row(first)
    yield _row("---" for _ in first)
    yield from map(_row, rows)


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
