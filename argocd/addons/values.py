"""What several charts are told in the same words."""

from argocd.resources import CONFIRMED
from environments.names import GENERAL_POOL, NODE_POOL_LABEL

Values = dict[str, object]

# On definitions: all objects of a kind go with it, so a person confirms.
CONFIRMED_REMOVAL: Values = {"argocd.argoproj.io/sync-options": ",".join(CONFIRMED)}

# Spot nodes come and go, and their taint keeps out what does not tolerate it.
ON_GENERAL_POOL: Values = {NODE_POOL_LABEL: GENERAL_POOL}

# What the restricted Pod Security level asks of a container; more than most charts set themselves.
CONTAINER_SECURITY: Values = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}
POD_SECURITY: Values = {"seccompProfile": {"type": "RuntimeDefault"}}


def spread_over_nodes(selector: dict[str, str]) -> list[Values]:
    """Replicas on different nodes where there are some; on a single one they still all run."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector},
        }
    ]
