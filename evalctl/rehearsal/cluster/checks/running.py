"""Whether every pod that is wanted exists and runs, and every Service has a port behind it."""

from lightkube.resources.apps_v1 import ReplicaSet, StatefulSet

from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.refusals import Effect
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import full_name
from evalctl.rehearsal.cluster.waiting import not_ready, until

SECONDS = 60


async def pods(cluster: Cluster, *, seconds: float = SECONDS) -> Result:
    """Each pod runs; what is not created, not scheduled or refused by a kubelet is named."""
    problems = await until(lambda: _in_the_way(cluster), seconds=seconds)
    return result(
        "every pod that is wanted runs",
        problems,
        f"no refusal of a kubelet among {len(cluster.parts.kubelet.history)} that were seen on the way",
    )


async def services(cluster: Cluster) -> Result:
    """Each Service's port is one that its pods' containers have, and each port that a pod calls is a Service's."""
    problems = [
        str(refusal)
        for refusal in cluster.parts.kubelet.refused
        if refusal.effect is Effect.NOT_SERVED
    ]
    return result(
        "each Service's port is one of its pods', and each port that a pod calls is a Service's",
        problems,
        "no Service without a port",
    )


async def _in_the_way(cluster: Cluster) -> list[str]:
    refused = [
        str(refusal)
        for refusal in cluster.parts.kubelet.refused
        if refusal.effect is not Effect.NOT_SERVED
    ]
    return [*refused, *await not_ready(cluster), *await not_created(cluster)]


async def not_created(cluster: Cluster) -> list[str]:
    """Pods that their controller could not create, with the API server's reason."""
    replica_sets = [
        f"{full_name(found)}: {_failure(found)}"
        async for found in cluster.client.list(ReplicaSet, namespace="*")
        if _lacks_pods(found)
    ]
    stateful_sets = [
        f"{full_name(found)}: {found.status and found.status.replicas} of "
        f"{found.spec and found.spec.replicas} pods"
        async for found in cluster.client.list(StatefulSet, namespace="*")
        if _lacks_pods(found)
    ]
    return [*replica_sets, *stateful_sets]


def _lacks_pods(found: ReplicaSet | StatefulSet) -> bool:
    return (
        found.spec is not None
        and found.status is not None
        and found.status.replicas < (found.spec.replicas or 0)
    )


def _failure(found: ReplicaSet) -> str:
    conditions = (found.status and found.status.conditions) or ()
    messages = [
        str(condition.message) for condition in conditions if condition.type == "ReplicaFailure"
    ]
    return messages[0] if messages else "pods are missing"
