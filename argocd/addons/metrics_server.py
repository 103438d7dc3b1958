"""metrics-server: CPU and memory use of pods, from which the workers are scaled (B11).

Value keys: `charts/metrics-server` of kubernetes-sigs/metrics-server, read at 3.12; the release notes
of 3.13.0 and 3.13.1 only add to them.

It scrapes kubelets over TLS and verifies their certificates, which EKS signs with the cluster's own
authority. Its own certificate is new at each start, and the API server does not verify it: for a
lasting one the chart needs cert-manager, or read access to the cluster, which Argo CD does not give it.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import ON_GENERAL_POOL, Values, spread_over_nodes
from environments.names import Addon, Names
from environments.spec import Compute

# Without it no HorizontalPodAutoscaler has CPU metrics, in development too.
_REPLICAS = 2

# Its README: 100m and 300 MiB are enough for a hundred nodes, a tenth of that for ten.
_SERVER = Compute.of(cpu="50m", cpu_limit="200m", memory="100Mi", memory_limit="200Mi")


def chart(names: Names) -> AddonChart:
    del names  # the same everywhere
    return AddonChart(addon=Addon.METRICS_SERVER, namespace="kube-system", values=_values())


def _values() -> Values:
    return {
        "replicas": _REPLICAS,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": spread_over_nodes(
            {"app.kubernetes.io/name": "metrics-server"}
        ),
        "resources": _SERVER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "priorityClassName": "system-cluster-critical",
    }
