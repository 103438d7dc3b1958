"""Values that several charts have in common."""

from argocd.parts.application import CONFIRMED
from environments.names import GENERAL_POOL, NODE_POOL_LABEL

Values = dict[str, object]

# On CRDs: deleting one deletes all objects of its kind, so a person confirms.
CONFIRMED_REMOVAL: Values = {"argocd.argoproj.io/sync-options": ",".join(CONFIRMED)}

# Spot nodes may end at any time; their taint keeps pods without a toleration away.
ON_GENERAL_POOL: Values = {NODE_POOL_LABEL: GENERAL_POOL}

# What the restricted Pod Security level requires of a container; most charts set less.
CONTAINER_SECURITY: Values = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}
POD_SECURITY: Values = {"seccompProfile": {"type": "RuntimeDefault"}}


def spread_over_nodes(selector: dict[str, str]) -> list[Values]:
    """Replicas on different nodes, if there are several nodes; on a single node all of them run."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector},
        }
    ]
