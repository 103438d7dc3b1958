"""Lines of panels fill the grid, about equally full."""

from dataclasses import replace

import pytest

from dashboards.grafana.grid import COLUMNS, placed
from dashboards.observable import Chart
from tests.dashboards.examples import OBSERVABLE, board


def lines(*charts: Chart) -> list[list[int]]:
    """The widths of each line, from top to bottom."""
    observables = (replace(OBSERVABLE, id=f"o{i}", chart=chart) for i, chart in enumerate(charts))
    (row,) = placed(board(*observables))
    by_line: dict[int, list[int]] = {}
    for _, place in row.observables:
        by_line.setdefault(place.y, []).append(place.width)
    return list(by_line.values())


@pytest.mark.parametrize("count", range(1, 12))
def test_every_line_is_filled_to_the_last_column(count: int) -> None:
    for line in lines(*[Chart.TIME_SERIES] * count):
        assert sum(line) == COLUMNS


def test_ten_panels_stand_as_three_three_two_two() -> None:
    assert [len(line) for line in lines(*[Chart.TIME_SERIES] * 10)] == [3, 3, 2, 2]


def test_a_single_number_stays_narrow_beside_charts() -> None:
    assert lines(Chart.STAT, Chart.TIME_SERIES) == [[5, 19]]


def test_single_numbers_alone_share_a_low_line() -> None:
    observables = (replace(OBSERVABLE, id=f"o{i}", chart=Chart.STAT) for i in range(3))
    (row,) = placed(board(*observables))

    assert [(place.width, place.height) for _, place in row.observables] == [(8, 4)] * 3


def test_rows_stand_below_each_other() -> None:
    one = board(OBSERVABLE)
    two = replace(one, rows=(*one.rows, replace(one.rows[0], title="Second")))

    first, second = placed(two)

    _, place = first.observables[-1]
    assert second.heading.y == place.y + place.height
