"""An observable as a Grafana panel: unit, thresholds, description, and a link to its runbook."""

import zlib

from grafana_foundation_sdk.models import dashboard

from dashboards.grafana.kinds import kind
from dashboards.grafana.queries import data_source, over_time, targets
from dashboards.observable import Alert, Chart, Observable
from dashboards.pages.wording import threshold_text

_ONE_DAY = "1d"
_HEIGHT = 8  # rows of Grafana's grid


def stable_id(text: str) -> int:
    """A panel's number, made from its name, so that links to it survive panels added before it."""
    return zlib.crc32(text.encode()) & 0x7FFFFFFF


def panel(observable: Observable, *, width: int, runbook_url: str) -> dashboard.Panel:
    """The observable, `width` columns wide."""
    name, options, defaults = kind(observable)
    return dashboard.Panel(
        id_val=stable_id(observable.id),
        type_val=name,
        title=observable.title,
        description=description(observable),
        datasource=data_source(observable),
        targets=targets(observable),
        grid_pos=dashboard.GridPos(w=width, h=_HEIGHT),
        links=[
            dashboard.DashboardLink(
                title=f"Runbook: {observable.title}",
                type_val=dashboard.DashboardLinkType.LINK,
                url=runbook_url,
                target_blank=True,
            )
        ],
        # Prometheus returns a bar for each day; ClickHouse's queries contain their own steps.
        interval=_ONE_DAY if observable.chart is Chart.BARS and over_time(observable) else None,
        options=options,
        field_config=dashboard.FieldConfigSource(defaults=defaults),
    )


def description(observable: Observable) -> str:
    """The text behind the panel's `i`, in Markdown."""
    lines = [
        f"- {threshold_text(threshold, observable)}: {threshold.reason}"
        for threshold in observable.thresholds
    ]
    return "\n\n".join(filter(None, (observable.meaning, "\n".join(lines), _alerting(observable))))


def _alerting(observable: Observable) -> str:
    if observable.no_alert:
        return f"No alert: {observable.no_alert}."
    return f"Alerts: {', '.join(map(_alert, observable.alerts))}."


def _alert(alert: Alert) -> str:
    return f"{alert.name} ({alert.severity})"
