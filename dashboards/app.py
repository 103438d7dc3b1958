"""Every object of the observation plane of one environment."""

from dashboards.alerting.alertmanager import alertmanager_secret
from dashboards.alerting.prometheus_rules import prometheus_rules
from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.grafana.manifests import grafana_manifests
from dashboards.manifests import Manifest
from environments.names import Names
from environments.spec import Environment


def build(env: Environment) -> list[Manifest]:
    """Rules, the way alerts take from there to Slack, and what Grafana shows."""
    names, shown = Names(env), boards(env)
    return [
        *prometheus_rules(shown, recording_rules(), names=names),
        *grafana_manifests(shown, names=names),
        alertmanager_secret(names),
    ]
