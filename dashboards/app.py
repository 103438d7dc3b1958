"""Every object of the observation plane of one environment."""

import cdk8s

from dashboards.alerting.alertmanager import alertmanager_secret
from dashboards.alerting.prometheus_rules import prometheus_rules
from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.grafana.manifests import grafana_manifests
from environments.names import MONITORING_NAMESPACE, Names
from environments.spec import Environment

Manifest = dict[str, object]


def build(env: Environment) -> list[Manifest]:
    """Rules, the configuration that brings alerts to Slack, and what Grafana loads."""
    names, shown = Names(env), boards(env)
    labels = names.labels("dashboards")
    chart = cdk8s.Chart(
        cdk8s.App(),
        "dashboards",
        namespace=MONITORING_NAMESPACE,
        labels=labels,
        disable_resource_name_hashes=True,
    )
    prometheus_rules(chart, shown, recording_rules(), names=names)
    grafana_manifests(chart, shown, names=names)
    alertmanager_secret(chart, names=names, labels=labels)
    manifests: list[Manifest] = chart.to_json()
    return manifests
