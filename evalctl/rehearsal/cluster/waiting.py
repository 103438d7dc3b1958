"""Waits for a state of the cluster, and describes the pods that wait for a node."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from lightkube.models.core_v1 import PodCondition
from lightkube.resources.core_v1 import Pod

from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.local_programs import is_ready
from evalctl.rehearsal.cluster.scheduling import is_finished
from evalctl.rehearsal.cluster.state import API_ERRORS, full_name, meta

_ROUND_SECONDS = 1


async def until(reached: Callable[[], Awaitable[list[str]]], *, seconds: float) -> list[str]:
    """What is still in the way when the time is over; nothing if the state was reached before."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            in_the_way = await reached()
        except API_ERRORS as error:
            in_the_way = [f"the API server does not answer: {error}"]
        if not in_the_way or time.monotonic() > deadline:
            return in_the_way
        await asyncio.sleep(_ROUND_SECONDS)


async def not_ready(cluster: Cluster) -> list[str]:
    """Each pod that neither runs nor has ended, with the scheduler's reason."""
    return [
        f"{full_name(pod)}: {_reason(pod)}"
        async for pod in cluster.client.list(Pod, namespace="*")
        if not is_ready(pod) and not is_finished(pod) and meta(pod).deletionTimestamp is None
    ]


def _reason(pod: Pod) -> str:
    conditions: list[PodCondition] = (pod.status and pod.status.conditions) or []
    for condition in conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            return f"not scheduled, {condition.message}"
    for status in (pod.status and pod.status.containerStatuses) or ():
        if status.state is not None and status.state.waiting is not None:
            return f"{status.state.waiting.reason}, {status.state.waiting.message}"
    return "not ready"
