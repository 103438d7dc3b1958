"""External Secrets Operator: makes Kubernetes Secrets from Secrets Manager's entries (B5).

Value keys: `deploy/charts/external-secrets/values.yaml` of external-secrets/external-secrets, read at
2.x (the chart of 2.14 was not available); its release notes up to 2.14.0 list no change to them.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONFIRMED_REMOVAL,
    ON_GENERAL_POOL,
    Values,
    spread_over_nodes,
)
from environments.names import EXTERNAL_SECRETS, Addon, ExternalSecretsPart, Names
from environments.spec import Compute

# The operator holds every Secret of the cluster in memory; ours are few.
_OPERATOR = Compute.of(cpu="25m", cpu_limit="250m", memory="96Mi", memory_limit="256Mi")
_HELPER = Compute.of(cpu="10m", cpu_limit="100m", memory="64Mi", memory_limit="128Mi")

# Nothing here uses these kinds, and the operator needs no rights for kinds that it does not process.
# It may still read the Secrets of the whole cluster: the chart can limit that to one namespace only,
# and two need secrets. Its AWS role limits what it may read there.
_UNUSED = (
    "ClusterExternalSecret",
    "ClusterGenerator",
    "ClusterPushSecret",
    "PushSecret",
)


def chart(names: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.EXTERNAL_SECRETS,
        namespace=EXTERNAL_SECRETS.namespace,
        values=_values(replicas=names.env.controller_replicas),
        # Deleting a CRD deletes all objects of its kind, and with an ExternalSecret its Secret.
        holds_data=True,
    )


def _values(*, replicas: int) -> Values:
    # minAvailable is the chart's default. A budget for one replica would block every drain.
    disruption_budget = {"enabled": replicas > 1, "minAvailable": 1}
    placement = {"nodeSelector": ON_GENERAL_POOL}
    return {
        "installCRDs": True,
        "crds": {
            **{f"create{kind}": False for kind in _UNUSED},
            "createClusterSecretStore": False,
            "annotations": CONFIRMED_REMOVAL,
        },
        **{f"process{kind}": False for kind in _UNUSED},
        "processClusterStore": False,
        "rbac": {"servicebindings": {"create": False}},
        "serviceAccount": {"create": True, "name": EXTERNAL_SECRETS.name},
        "replicaCount": replicas,
        "leaderElect": True,
        "resources": _OPERATOR.as_manifest(),
        "podDisruptionBudget": disruption_budget,
        "topologySpreadConstraints": spread_over_nodes(
            {"app.kubernetes.io/name": ExternalSecretsPart.OPERATOR}
        ),
        **placement,
        # While the webhook is down, no store or ExternalSecret can be changed.
        "webhook": {
            "replicaCount": replicas,
            "resources": _HELPER.as_manifest(),
            "podDisruptionBudget": disruption_budget,
            "topologySpreadConstraints": spread_over_nodes(
                {"app.kubernetes.io/name": ExternalSecretsPart.WEBHOOK}
            ),
            **placement,
        },
        # It renews the webhook's certificate in time; nothing waits for it.
        "certController": {
            "replicaCount": 1,
            "resources": _HELPER.as_manifest(),
            **placement,
        },
    }
