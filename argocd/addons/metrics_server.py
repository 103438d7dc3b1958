"""metrics-server: CPU and memory use of pods, by which the workers are scaled (B11).

Value keys: `charts/metrics-server` of kubernetes-sigs/metrics-server, read at 3.12; the release notes
of 3.13.0 and 3.13.1 only add to them.

It asks kubelets over TLS and checks their certificates, which EKS signs with the cluster's own
authority, so it needs no leave to skip that. Its own certificate is drawn at each start, which the
API server has to take as it is: the chart's ways to a lasting one need cert-manager, or a look into
the cluster that Argo CD does not give it.
"""

from argocd.addons.release import Release
from argocd.addons.values import ON_GENERAL_POOL, Values, spread_over_nodes
from environments.names import Addon, Names
from environments.spec import Compute

# Without it every HorizontalPodAutoscaler is blind, in development too.
_REPLICAS = 2

# Its README: 100m and 300 MiB carry a hundred nodes, a tenth of that carries ten.
_SERVER = Compute.of(cpu="50m", cpu_limit="200m", memory="100Mi", memory_limit="200Mi")


def release(names: Names) -> Release:
    del names  # the same everywhere
    return Release(addon=Addon.METRICS_SERVER, namespace="kube-system", values=_values())


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
