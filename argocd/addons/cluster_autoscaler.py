"""cluster-autoscaler: adds nodes for pending pods and removes empty nodes (B2).

Value keys: `cluster-autoscaler/charts/cluster-autoscaler` of kubernetes/autoscaler, read at 9.59.0.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
    spread_over_nodes,
)
from environments.catalog import EKS_VERSIONS
from environments.names import CLUSTER_AUTOSCALER, Addon, Names
from environments.spec import Compute

# It holds every pod and node of the cluster in memory; the chart's own example is 300 MiB.
_AUTOSCALER = Compute.of(cpu="50m", cpu_limit="500m", memory="256Mi", memory_limit="512Mi")
_NOBODY = 65534


def chart(names: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.CLUSTER_AUTOSCALER,
        namespace=CLUSTER_AUTOSCALER.namespace,
        values=_values(names),
    )


def _values(names: Names) -> Values:
    return {
        # Otherwise every object's name would contain "aws-" and the name of Helm's release.
        "nameOverride": CLUSTER_AUTOSCALER.name,
        "cloudProvider": "aws",
        "awsRegion": names.env.account.region,
        # Both node groups have these tags; their bounds are those of their scaling groups.
        "autoDiscovery": {
            "clusterName": names.cluster,
            "tags": [
                "k8s.io/cluster-autoscaler/enabled",
                f"k8s.io/cluster-autoscaler/{names.cluster}",
            ],
        },
        # It simulates the scheduler, so its minor must be the cluster's: another minor has other rules.
        "image": {"tag": EKS_VERSIONS[names.env.cluster.kubernetes_version].cluster_autoscaler},
        "extraArgs": {
            "expander": "least-waste",
            # Each node group has its own shape, and AWS spreads each over the zones.
            "balance-similar-node-groups": False,
            # Every pod of ours has a /tmp on its node and may lose it; otherwise no node could be removed.
            "skip-nodes-with-local-storage": False,
            # Controllers in kube-system may move; otherwise one of them could keep a node for ever.
            "skip-nodes-with-system-pods": False,
        },
        "rbac": {"serviceAccount": {"create": True, "name": CLUSTER_AUTOSCALER.name}},
        "replicaCount": names.env.controller_replicas,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "topologySpreadConstraints": spread_over_nodes(
            {"app.kubernetes.io/name": CLUSTER_AUTOSCALER.name}
        ),
        "resources": _AUTOSCALER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "priorityClassName": "system-cluster-critical",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            **POD_SECURITY,
        },
        "containerSecurityContext": CONTAINER_SECURITY,
    }
