"""Which add-ons there are: all of them, in every environment."""

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
from argocd.addons.release import Release
from environments.names import Names


def releases(names: Names) -> tuple[Release, ...]:
    return (
        external_secrets.release(names),
        load_balancer_controller.release(names),
        cluster_autoscaler.release(names),
        metrics_server.release(names),
        prometheus_crds.release(names),
        prometheus_stack.release(names),
        prometheus_adapter.release(names),
        redis_exporter.release(names),
        cloudwatch_exporter.release(names),
    )
