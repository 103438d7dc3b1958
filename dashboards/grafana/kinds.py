"""How each kind of panel is drawn: its options, its unit, and its thresholds."""

from collections.abc import Callable

from grafana_foundation_sdk.models import barchart, common, dashboard, stat, table, timeseries

from dashboards.grafana.queries import over_time
from dashboards.grafana.thresholds import CLEAR, GOOD, NEUTRAL, steps
from dashboards.observable import Chart, ClickhouseSql, Observable, Promql, Unit

Options = barchart.Options | stat.Options | table.Options | timeseries.Options
Kind = tuple[str, Options, dashboard.FieldConfig]  # Grafana's name of the panel type comes first


def kind(observable: Observable) -> Kind:
    """The kind of panel for the observable's chart."""
    return _KINDS[observable.chart](observable)


def _time_series(observable: Observable) -> Kind:
    return "timeseries", _time_series_options(), _time_series_defaults(observable, bars=False)


def _bars(observable: Observable) -> Kind:
    """Over time: stacked bars on a time axis. Otherwise: one bar for each row of the result."""
    if over_time(observable):
        return "timeseries", _time_series_options(), _time_series_defaults(observable, bars=True)
    return (
        "barchart",
        barchart.Options(
            orientation=common.VizOrientation.HORIZONTAL,
            legend=_legend(shown=False),
            tooltip=_tooltip(),
            show_value=common.VisibilityMode.ALWAYS,
            bar_width=0.8,
        ),
        _defaults(
            observable,
            color=dashboard.FieldColor(
                mode=(
                    dashboard.FieldColorModeId.THRESHOLDS
                    if observable.thresholds
                    else dashboard.FieldColorModeId.PALETTE_CLASSIC
                )
            ),
            good=GOOD,
            custom=barchart.FieldConfig(fill_opacity=70, line_width=1, axis_soft_min=0),
        ),
    )


def _stat(observable: Observable) -> Kind:
    return (
        "stat",
        stat.Options(
            color_mode=common.BigValueColorMode.VALUE
            if observable.thresholds
            else common.BigValueColorMode.NONE,
            graph_mode=common.BigValueGraphMode.NONE,
            text_mode=common.BigValueTextMode.AUTO,
            reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"]),
        ),
        _defaults(
            observable,
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            good=GOOD if observable.thresholds else NEUTRAL,
            decimals=2 if observable.unit is Unit.RATIO else None,
        ),
    )


def _table(observable: Observable) -> Kind:
    return (
        "table",
        table.Options(cell_height=common.TableCellHeight.SM),
        _defaults(
            observable,
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            good=NEUTRAL,
            custom=common.TableFieldOptions(filterable=True),
        ),
    )


_KINDS: dict[Chart, Callable[[Observable], Kind]] = {
    Chart.TIME_SERIES: _time_series,
    Chart.BARS: _bars,
    Chart.STAT: _stat,
    Chart.TABLE: _table,
}


def _time_series_options() -> timeseries.Options:
    return timeseries.Options(legend=_legend(shown=True), tooltip=_tooltip())


def _time_series_defaults(observable: Observable, *, bars: bool) -> dashboard.FieldConfig:
    # ClickHouse has one row for each build or day, so each row is drawn as a point.
    events = any(isinstance(query, ClickhouseSql) for query in observable.queries)
    return _defaults(
        observable,
        color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.PALETTE_CLASSIC),
        good=CLEAR,
        custom=timeseries.FieldConfig(
            draw_style=common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE,
            fill_opacity=70 if bars else 8,
            line_width=1 if bars else 2,
            show_points=(
                common.VisibilityMode.ALWAYS if events and not bars else common.VisibilityMode.NEVER
            ),
            point_size=7 if events else None,
            stacking=common.StackingConfig(
                mode=common.StackingMode.NORMAL if bars else common.StackingMode.NONE, group="A"
            ),
            thresholds_style=common.GraphThresholdsStyleConfig(
                mode=(
                    common.GraphThresholdsStyleMode.LINE_AND_AREA
                    if observable.thresholds
                    else common.GraphThresholdsStyleMode.OFF
                )
            ),
            axis_soft_min=_soft_min(observable),
            axis_soft_max=_soft_max(observable),
        ),
    )


def _soft_min(observable: Observable) -> float | None:
    """Zero, except for a ratio near one, where the difference between 99.9 % and 100 % matters."""
    if not (observable.unit is Unit.RATIO and observable.higher_is_better):
        return 0
    if not observable.thresholds:
        return None
    lowest = min(threshold.value for threshold in observable.thresholds)
    return max(0, round(1 - 2 * (1 - lowest), 6))


def _soft_max(observable: Observable) -> float | None:
    """High enough for the thresholds to be visible."""
    if not observable.thresholds:
        return None
    if observable.unit is Unit.RATIO and observable.higher_is_better:
        return 1
    return round(1.2 * max(threshold.value for threshold in observable.thresholds), 6)


def _legend(*, shown: bool) -> common.VizLegendOptions:
    return common.VizLegendOptions(
        show_legend=shown,
        display_mode=common.LegendDisplayMode.LIST,
        placement=common.LegendPlacement.BOTTOM,
    )


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions(
        mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING
    )


def _defaults(
    observable: Observable,
    *,
    color: dashboard.FieldColor,
    good: str,
    custom: (
        barchart.FieldConfig | common.TableFieldOptions | timeseries.FieldConfig | None
    ) = None,
    decimals: int | None = None,
) -> dashboard.FieldConfig:
    return dashboard.FieldConfig(
        unit=str(observable.unit),
        decimals=decimals,
        thresholds=steps(observable, good=good),
        color=color,
        no_value=_no_value(observable),
        custom=custom,
    )


def _no_value(observable: Observable) -> str | None:
    """The text in place of a missing single number; a chart without data is simply empty."""
    single = observable.chart is Chart.STAT
    return "no data" if single and isinstance(observable.queries[0], Promql) else None
