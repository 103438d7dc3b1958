"""Draws panels with axes as Plotly figures, in the JSON that Plotly's JavaScript reads."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go

from evalctl.board_pages import theme, units
from evalctl.board_pages.dashboard_file import Custom, Panel, Step
from evalctl.board_pages.query_results import Line, Table
from evalctl.board_pages.units import Axis
from evalctl.board_pages.variables import Span

# Plotly's figures have too many keys for a type; Plotly refuses unknown ones.
Part = dict[str, object]

_MARGIN = {"l": 8, "r": 12, "t": 6, "b": 4}


def time_series(panel: Panel, lines: Sequence[Line], *, span: Span) -> str:
    """Lines, points or stacked bars over time, with the thresholds behind them."""
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults.get("custom", {})
    low, high = _range(lines, custom)
    axis = units.axis(defaults["unit"], (low, high))
    bars = custom.get("drawStyle") == "bars"
    traces = [
        _bars(line, color, axis, span) if bars else _line(line, color, axis, custom)
        for line, color in zip(lines, _colors(), strict=False)
    ]
    layout: Part = {
        "xaxis": {**_grid(), "type": "date", "range": [_time(span.start), _time(span.end)]},
        "yaxis": {**_grid(), **_numbers(axis), "range": [low / axis.divisor, high / axis.divisor]},
        "barmode": "stack",
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.14, "x": 0, "font": {"size": 11}},
        "shapes": list(_thresholds(defaults["thresholds"]["steps"], custom, axis, low, high)),
        "hovermode": "x unified",
    }
    return _figure(traces, layout)


def bar_chart(panel: Panel, table: Table) -> str:
    """One bar for each row of the table, the first on top."""
    defaults = panel["fieldConfig"]["defaults"]
    name = next(i for i, column in enumerate(table.columns) if not column.is_number)
    number = next(i for i, column in enumerate(table.columns) if column.is_number)
    rows = list(reversed(table.rows))
    values = [float(row[number] or 0) for row in rows]
    axis = units.axis(defaults["unit"], values)
    trace: Part = {
        "type": "bar",
        "orientation": "h",
        "y": [str(row[name]) for row in rows],
        "x": [value / axis.divisor for value in values],
        "text": [units.text(value, defaults["unit"]) for value in values],
        "textposition": "auto",
        "insidetextfont": {"color": theme.BACKGROUND},
        "marker": {"color": theme.PALETTE[0], "opacity": 0.8},
        "hoverinfo": "y+text",
    }
    layout: Part = {
        "xaxis": {**_grid(), **_numbers(axis), "rangemode": "tozero"},
        "yaxis": {"automargin": True, "ticksuffix": "  "},
        "showlegend": False,
        "bargap": 0.25,
    }
    return _figure([trace], layout)


def _line(line: Line, color: str, axis: Axis, custom: Custom) -> Part:
    points = custom.get("showPoints") == "always"
    return {
        "type": "scatter",
        "mode": "lines+markers" if points else "lines",
        "name": line.name,
        "x": [_time(time) for time in line.times],
        "y": _scaled(line, axis),
        "line": {"color": color, "width": 1.6},
        "marker": {"size": 5},
        "hovertemplate": _hover(axis),
    }


def _bars(line: Line, color: str, axis: Axis, span: Span) -> Part:
    return {
        "type": "bar",
        "name": line.name,
        "x": [_time(time) for time in line.times],
        "y": _scaled(line, axis),
        "marker": {"color": color, "opacity": 0.8},
        "width": span.step * 1_000 * 0.8,  # milliseconds
        "hovertemplate": _hover(axis),
    }


def _scaled(line: Line, axis: Axis) -> list[float | None]:
    return [None if value is None else value / axis.divisor for value in line.values]


def _hover(axis: Axis) -> str:
    return f"{axis.prefix}%{{y:{axis.format}}}{axis.suffix}"


def _range(lines: Sequence[Line], custom: Custom) -> tuple[float, float]:
    """From the lowest to the highest value, and at least the panel's soft minimum and maximum."""
    stacked = custom.get("stacking", {"mode": "none"})["mode"] == "normal"
    highs = (
        _stacked_highs(lines)
        if stacked
        else [value for line in lines for value in line.values if value is not None]
    )
    lows = [value for line in lines for value in line.values if value is not None]
    soft_low = [custom["axisSoftMin"]] if "axisSoftMin" in custom else []
    low = min([*lows, *soft_low], default=0)
    high = max([*highs, *([custom["axisSoftMax"]] if "axisSoftMax" in custom else [])], default=1)
    if high <= low:
        high = low + 1
    margin = (high - low) * 0.05
    return low - margin * (low not in soft_low), high + margin * (high != custom.get("axisSoftMax"))


def _stacked_highs(lines: Sequence[Line]) -> list[float]:
    sums: dict[float, float] = {}
    for line in lines:
        for time, value in zip(line.times, line.values, strict=True):
            sums[time] = sums.get(time, 0) + (value or 0)
    return list(sums.values())


def _thresholds(
    steps: list[Step], custom: Custom, axis: Axis, low: float, high: float
) -> Iterator[Part]:
    """An area in the colour of each step, and a line at its start."""
    if custom.get("thresholdsStyle", {"mode": "off"})["mode"] == "off":
        return
    edges = [low, *(step["value"] or 0 for step in steps[1:]), high]
    for index, step in enumerate(steps):
        bottom, top = max(edges[index], low), min(edges[index + 1], high)
        if step["color"] != theme.TRANSPARENT and bottom < top:
            yield {
                "type": "rect",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": bottom / axis.divisor,
                "y1": top / axis.divisor,
                "fillcolor": theme.hex_color(step["color"]),
                "opacity": 0.12,
                "line": {"width": 0},
                "layer": "below",
            }
    for index in range(1, len(steps)):
        yield {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": edges[index] / axis.divisor,
            "y1": edges[index] / axis.divisor,
            "line": {"color": theme.line_color(steps, index), "width": 1.4},
        }


def _grid() -> Part:
    return {"gridcolor": theme.GRID, "zeroline": False, "automargin": True}


def _numbers(axis: Axis) -> Part:
    return {"tickformat": axis.format, "tickprefix": axis.prefix, "ticksuffix": axis.suffix}


def _colors() -> Iterator[str]:
    while True:
        yield from theme.PALETTE


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _figure(traces: list[Part], layout: Part) -> str:
    figure = go.Figure(
        data=traces,
        layout={
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": theme.FONT, "size": 11, "color": theme.TEXT},
            "hoverlabel": {"bgcolor": theme.PANEL, "font": {"color": theme.TEXT}},
            "margin": _MARGIN,
            **layout,
        },
    )
    return str(figure.to_json())
