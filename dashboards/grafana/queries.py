"""Queries as Grafana's data sources take them."""

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard, prometheus

from dashboards.observable import Chart, ClickhouseSql, Observable, Promql
from environments.names import GRAFANA_CLICKHOUSE_PLUGIN

# Stable, because dashboards refer to data sources by uid. kube-prometheus-stack provisions Prometheus'
# under the same uid, `manifests.py` ClickHouse's.
PROMETHEUS_UID = "prometheus"
CLICKHOUSE_UID = "clickhouse"

PROMETHEUS = dashboard.DataSourceRef(type_val="prometheus", uid=PROMETHEUS_UID)
CLICKHOUSE = dashboard.DataSourceRef(type_val=GRAFANA_CLICKHOUSE_PLUGIN, uid=CLICKHOUSE_UID)
MIXED = dashboard.DataSourceRef(type_val="datasource", uid="-- Mixed --")

_TIME_SERIES = 0  # `format`, as the plugin's backend numbers it
_TABLE = 1


class ClickhouseQuery(Dataquery):
    """A query of the ClickHouse plugin as its SQL editor saves it; the SDK has no class for it."""

    # The plugin migrates queries of older versions, in which `queryType` meant the editor.
    plugin_version = "4.0.0"

    def __init__(self, *, ref_id: str, raw_sql: str, time_series: bool) -> None:
        self.ref_id = ref_id
        self.raw_sql = raw_sql
        self.time_series = time_series

    def to_json(self) -> dict[str, object]:
        """What Grafana stores."""
        return {
            "datasource": CLICKHOUSE,
            "editorType": "sql",
            "format": _TIME_SERIES if self.time_series else _TABLE,
            "pluginVersion": self.plugin_version,
            "queryType": "timeseries" if self.time_series else "table",
            "rawSql": self.raw_sql,
            "refId": self.ref_id,
        }


def over_time(observable: Observable) -> bool:
    """Whether the panel has a time axis."""
    match observable.chart:
        case Chart.TIME_SERIES:
            return True
        case Chart.BARS:
            return all(_is_over_time(query) for query in observable.queries)
        case Chart.STAT | Chart.TABLE:
            return False


def targets(observable: Observable) -> list[Dataquery]:
    """The panel's queries, named A, B, C."""
    return [
        _target(query, chr(ord("A") + index), observable)
        for index, query in enumerate(observable.queries)
    ]


def data_source(observable: Observable) -> dashboard.DataSourceRef:
    """The panel's data source."""
    promql = {isinstance(query, Promql) for query in observable.queries}
    if len(promql) > 1:
        return MIXED
    return PROMETHEUS if promql == {True} else CLICKHOUSE


def _is_over_time(query: Promql | ClickhouseSql) -> bool:
    return isinstance(query, Promql) or query.time_series


def _target(query: Promql | ClickhouseSql, ref_id: str, observable: Observable) -> Dataquery:
    if isinstance(query, ClickhouseSql):
        return ClickhouseQuery(ref_id=ref_id, raw_sql=query.sql, time_series=query.time_series)
    ranged = over_time(observable)
    return prometheus.Dataquery(
        ref_id=ref_id,
        datasource=PROMETHEUS,
        expr=query.expr,
        legend_format=query.legend,
        editor_mode=prometheus.QueryEditorMode.CODE,
        range_val=ranged,
        instant=not ranged,
        format_val=(
            prometheus.PromQueryFormat.TABLE
            if observable.chart is Chart.TABLE
            else prometheus.PromQueryFormat.TIME_SERIES
        ),
    )
