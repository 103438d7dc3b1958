"""The Services that pods of the platform connect to, as EKS, the charts and Argo CD make them.

Read from what the real Helm makes of the rendered values, and from Argo CD 3.5.4's `install.yaml`.
Connections that go around a Service's address are not here: Prometheus finds the addresses of pods,
nodes and Alertmanagers with the API; Alertmanager's replicas find each other through a headless Service;
the API server's calls to webhooks and aggregated APIs do not start in a pod.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from environments.names import ARGOCD_NAMESPACE, MONITORING_NAMESPACE, SERVICE_CIDR

_ANY = IPv4Network(SERVICE_CIDR)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Service with an address of its own."""

    name: str
    namespace: str
    selector: Mapping[str, str]
    ports: Mapping[int, int]  # the Service's port → the port of the pods behind it
    addresses: IPv4Network = _ANY  # it may have any of these


API = Service(
    name="kubernetes",
    namespace="default",
    selector={},
    ports={443: 443},
    addresses=IPv4Network("172.20.0.1"),
)
DNS = Service(
    name="kube-dns", namespace="kube-system", selector={"k8s-app": "kube-dns"}, ports={53: 53}
)
PROMETHEUS = Service(
    name="kube-prometheus-stack-prometheus",
    namespace=MONITORING_NAMESPACE,
    selector={
        "app.kubernetes.io/name": "prometheus",
        "operator.prometheus.io/name": "kube-prometheus-stack-prometheus",
    },
    ports={9090: 9090},
)
ALERTMANAGER = Service(
    name="kube-prometheus-stack-alertmanager",
    namespace=MONITORING_NAMESPACE,
    selector={
        "app.kubernetes.io/name": "alertmanager",
        "alertmanager": "kube-prometheus-stack-alertmanager",
    },
    ports={9093: 9093},
)
ARGOCD_REPO_SERVER = Service(
    name="argocd-repo-server",
    namespace=ARGOCD_NAMESPACE,
    selector={"app.kubernetes.io/name": "argocd-repo-server"},
    ports={8081: 8081},
)
ARGOCD_REDIS = Service(
    name="argocd-redis",
    namespace=ARGOCD_NAMESPACE,
    selector={"app.kubernetes.io/name": "argocd-redis"},
    ports={6379: 6379},
)

SERVICES = (API, DNS, PROMETHEUS, ALERTMANAGER, ARGOCD_REPO_SERVER, ARGOCD_REDIS)
