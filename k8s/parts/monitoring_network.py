"""The network policies of the monitoring namespace: all traffic is denied, except what is listed here.

The policies select pods by a label of ours, which the add-ons' values set. node-exporter has no policy:
it uses its node's network, to which network policies do not apply.
"""

import constructs

from bindings.network_policies import (
    Egress,
    Ingress,
    Peer,
    addresses,
    aws_credentials,
    default_deny,
    dns,
    dns_pods,
    from_,
    in_namespace,
    internet,
    network_policy,
    pods_with,
    port,
    to,
)
from environments.address_plan import ZoneCidrs, kubernetes_api
from environments.names import (
    ALERTMANAGER_CLUSTER_PORT,
    ALERTMANAGER_PORT,
    CLICKHOUSE_HTTPS_PORT,
    METRICS_PORT,
    MONITORING_LABEL,
    NAMESPACE,
    PROMETHEUS_PORT,
    REDIS_PORT,
    SERVICE_CIDR,
    MonitoringPart,
)

# The charts' defaults.
ADAPTER_PORT = 6443
CONFIG_RELOADER_PORT = 8080

# Where Prometheus scrapes each part: the ports of the charts' monitors.
METRICS_PORTS: dict[MonitoringPart, tuple[int, ...]] = {
    MonitoringPart.PROMETHEUS: (PROMETHEUS_PORT, CONFIG_RELOADER_PORT),
    MonitoringPart.ALERTMANAGER: (ALERTMANAGER_PORT, CONFIG_RELOADER_PORT),
    MonitoringPart.OPERATOR: (8080,),
    MonitoringPart.GRAFANA: (3000,),
    MonitoringPart.KUBE_STATE_METRICS: (8080,),
    MonitoringPart.REDIS_EXPORTER: (9121,),
    MonitoringPart.CLOUDWATCH_EXPORTER: (5000,),
}
COREDNS_METRICS_PORT = 9153
# On every node: node-exporter and kubelet.
NODE_METRICS_PORTS = (9100, 10250)


class MonitoringNetwork(constructs.Construct):
    """Default deny in both directions, DNS for all pods, and each part's own traffic."""

    def __init__(
        self, scope: constructs.Construct, id_: str, *, plan: tuple[ZoneCidrs, ...]
    ) -> None:
        super().__init__(scope, id_)
        data = [addresses(zone.data) for zone in plan]
        private = [addresses(zone.private) for zone in plan]
        services = addresses(SERVICE_CIDR)
        api = to([addresses(cidr) for cidr in kubernetes_api(plan)], 443)
        https = to([internet()], 443)
        prometheus = _part(MonitoringPart.PROMETHEUS)
        alertmanager = _part(MonitoringPart.ALERTMANAGER)
        grafana = _part(MonitoringPart.GRAFANA)
        adapter = _part(MonitoringPart.ADAPTER)
        query_prometheus = to([prometheus, services], PROMETHEUS_PORT)

        default_deny(self)
        dns(self, services=services)
        self._policy(
            MonitoringPart.PROMETHEUS,
            ingress=[from_([grafana, adapter], PROMETHEUS_PORT)],
            egress=[
                # It finds the pods' addresses with the API, also those of Alertmanager, which it
                # sends alerts to.
                *(to([_part(part)], *ports) for part, ports in METRICS_PORTS.items()),
                to([in_namespace(NAMESPACE)], METRICS_PORT),
                to([dns_pods()], COREDNS_METRICS_PORT),
                to(private, *NODE_METRICS_PORTS, CLICKHOUSE_HTTPS_PORT),
                api,
            ],
        )
        peers = [port(ALERTMANAGER_CLUSTER_PORT), port(ALERTMANAGER_CLUSTER_PORT, "UDP")]
        self._policy(
            MonitoringPart.ALERTMANAGER,
            ingress=[
                from_([grafana], ALERTMANAGER_PORT),
                Ingress(from_=[alertmanager], ports=peers),
            ],
            egress=[
                Egress(to=[alertmanager], ports=peers),
                https,  # Slack
            ],
        )
        self._policy(
            MonitoringPart.GRAFANA,
            egress=[
                query_prometheus,
                to([alertmanager, services], ALERTMANAGER_PORT),
                to(private, CLICKHOUSE_HTTPS_PORT),
                https,  # its plugin
                api,
            ],
        )
        self._policy(MonitoringPart.OPERATOR, egress=[api])
        self._policy(MonitoringPart.KUBE_STATE_METRICS, egress=[api])
        self._policy(
            MonitoringPart.ADAPTER,
            ingress=[from_(private, ADAPTER_PORT)],  # the API server
            egress=[query_prometheus, api],
        )
        self._policy(MonitoringPart.REDIS_EXPORTER, egress=[to(data, REDIS_PORT)])
        self._policy(
            MonitoringPart.CLOUDWATCH_EXPORTER,
            # AWS, by its public addresses or by an endpoint in the VPC, with the role's credentials.
            egress=[https, to(private, 443), aws_credentials()],
        )

    def _policy(
        self, part: MonitoringPart, *, egress: list[Egress], ingress: list[Ingress] | None = None
    ) -> None:
        """Prometheus scrapes every part that has metrics."""
        scraped = METRICS_PORTS.get(part, ())
        scrape = [from_([_part(MonitoringPart.PROMETHEUS)], *scraped)] if scraped else []
        network_policy(
            self,
            part,
            pods={MONITORING_LABEL: part},
            ingress=[*scrape, *(ingress or [])],
            egress=egress,
        )


def _part(part: MonitoringPart) -> Peer:
    return pods_with({MONITORING_LABEL: part})
