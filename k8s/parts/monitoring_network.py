"""The network policies of the monitoring namespace: all traffic is denied, except what is listed here.

The policies select pods by a label of ours, which the add-ons' values set. node-exporter has no policy:
it uses its node's network, to which network policies do not apply.
"""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import (
    ALERTMANAGER_CLUSTER_PORT,
    ALERTMANAGER_PORT,
    CLICKHOUSE_HTTPS_PORT,
    MONITORING_LABEL,
    PROMETHEUS_PORT,
    REDIS_PORT,
    SERVICE_CIDR,
    MonitoringPart,
)
from k8s.parts.network_paths import (
    POD_IDENTITY_AGENT,
    addresses,
    default_deny,
    dns,
    from_,
    in_any_namespace,
    internet,
    network_policy,
    pods_with,
    port,
    to,
)

# The charts' defaults, and the ports of a node that Prometheus scrapes: node-exporter and kubelet.
ADAPTER_PORT = 6443
CONFIG_RELOADER_PORT = 8080
GRAFANA_PORT = 3000
KUBE_STATE_METRICS_PORT = 8080
OPERATOR_PORT = 8080
REDIS_EXPORTER_PORT = 9121
CLOUDWATCH_EXPORTER_PORT = 5000
NODE_PORTS = (9100, 10250)


class MonitoringNetwork(constructs.Construct):
    """Default deny in both directions, DNS for all pods, and each part's own traffic."""

    def __init__(self, scope: constructs.Construct, id_: str, *, vpc_cidr: str) -> None:
        super().__init__(scope, id_)
        vpc = addresses(vpc_cidr)
        # The API server's addresses are in the VPC. Pods connect to its Service's address, and the
        # policy agent checks that address before it is translated.
        api = [to(vpc, 443), to(addresses(SERVICE_CIDR), 443)]
        https = to(internet(), 443)
        prometheus = _part(MonitoringPart.PROMETHEUS)
        alertmanager = _part(MonitoringPart.ALERTMANAGER)
        grafana = _part(MonitoringPart.GRAFANA)
        adapter = _part(MonitoringPart.ADAPTER)

        default_deny(self)
        dns(self)
        self._policy(
            MonitoringPart.PROMETHEUS,
            ingress=[
                *(from_(peer, PROMETHEUS_PORT) for peer in (prometheus, grafana, adapter)),
                from_(prometheus, CONFIG_RELOADER_PORT),
            ],
            egress=[
                # Every pod that a monitor selects, on the port that the monitor names.
                k8s.NetworkPolicyEgressRule(to=[in_any_namespace()]),
                to(vpc, *NODE_PORTS, CLICKHOUSE_HTTPS_PORT),
                *api,
            ],
        )
        peers = [port(ALERTMANAGER_CLUSTER_PORT), port(ALERTMANAGER_CLUSTER_PORT, "UDP")]
        self._policy(
            MonitoringPart.ALERTMANAGER,
            ingress=[
                *(from_(peer, ALERTMANAGER_PORT) for peer in (prometheus, grafana)),
                from_(prometheus, CONFIG_RELOADER_PORT),
                k8s.NetworkPolicyIngressRule(from_=[alertmanager], ports=peers),
            ],
            egress=[
                k8s.NetworkPolicyEgressRule(to=[alertmanager], ports=peers),
                https,  # Slack
            ],
        )
        self._policy(
            MonitoringPart.GRAFANA,
            ingress=[from_(prometheus, GRAFANA_PORT)],
            egress=[
                to(prometheus, PROMETHEUS_PORT),
                to(alertmanager, ALERTMANAGER_PORT),
                to(vpc, CLICKHOUSE_HTTPS_PORT),
                https,  # its plugin
                *api,
            ],
        )
        self._policy(
            MonitoringPart.OPERATOR, ingress=[from_(prometheus, OPERATOR_PORT)], egress=api
        )
        self._policy(
            MonitoringPart.KUBE_STATE_METRICS,
            ingress=[from_(prometheus, KUBE_STATE_METRICS_PORT)],
            egress=api,
        )
        self._policy(
            MonitoringPart.ADAPTER,
            ingress=[from_(vpc, ADAPTER_PORT)],  # the API server
            egress=[to(prometheus, PROMETHEUS_PORT), *api],
        )
        self._policy(
            MonitoringPart.REDIS_EXPORTER,
            ingress=[from_(prometheus, REDIS_EXPORTER_PORT)],
            egress=[to(vpc, REDIS_PORT)],
        )
        self._policy(
            MonitoringPart.CLOUDWATCH_EXPORTER,
            ingress=[from_(prometheus, CLOUDWATCH_EXPORTER_PORT)],
            # AWS, by its public addresses or by an endpoint in the VPC, with the role's credentials.
            egress=[https, to(vpc, 443), to(addresses(POD_IDENTITY_AGENT), 80)],
        )

    def _policy(
        self,
        part: MonitoringPart,
        *,
        ingress: list[k8s.NetworkPolicyIngressRule],
        egress: list[k8s.NetworkPolicyEgressRule],
    ) -> None:
        network_policy(self, part, pods={MONITORING_LABEL: part}, ingress=ingress, egress=egress)


def _part(part: MonitoringPart) -> k8s.NetworkPolicyPeer:
    return pods_with({MONITORING_LABEL: part})
