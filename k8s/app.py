"""Every app's manifests for one environment."""

import cdk8s

from environments.names import App
from environments.spec import Environment
from k8s.namespace import NamespaceChart

Manifest = dict[str, object]


def build(env: Environment) -> dict[App, list[Manifest]]:
    """App → its objects, as the Kubernetes API takes them."""
    app = cdk8s.App()
    charts = (NamespaceChart(app, env=env),)
    return {App(chart.node.id): chart.to_json() for chart in charts}
