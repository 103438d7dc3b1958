"""The add-ons that are installed: the same in every environment."""

from argocd.addons import (
    cloudwatch_exporter,
    cluster_autoscaler,
    external_secrets,
    load_balancer_controller,
    metrics_server,
    prometheus_adapter,
    prometheus_crds,
    prometheus_stack,
    redis_exporter,
)
from argocd.addons.chart import AddonChart
from environments.names import Names


def installed_charts(names: Names) -> tuple[AddonChart, ...]:
    return (
        external_secrets.chart(names),
        load_balancer_controller.chart(names),
        cluster_autoscaler.chart(names),
        metrics_server.chart(names),
        prometheus_crds.chart(names),
        prometheus_stack.chart(names),
        prometheus_adapter.chart(names),
        redis_exporter.chart(names),
        cloudwatch_exporter.chart(names),
    )
