"""Stands for the nodes' kubelets: admits the pods that a kubelet would run, and refuses the others."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from lightkube import AsyncClient
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import Pod

from evalctl.rehearsal.cluster.images import Registry
from evalctl.rehearsal.cluster.kwok import ADMITTED_ANNOTATION
from evalctl.rehearsal.cluster.pod_status import event, refused_status, shows
from evalctl.rehearsal.cluster.refusals import Effect, Refusal, refusals
from evalctl.rehearsal.cluster.scheduling import is_finished
from evalctl.rehearsal.cluster.state import Snapshot, annotation, meta, name_of, namespace_of


class Kubelet:
    """Checks each pod on a node in every round until it is admitted.

    kwok runs what is admitted.
    """

    def __init__(self, registry: Callable[[], Registry]) -> None:
        # A release changes what the registry has.
        self.registry = registry
        # What is refused now, and every refusal so far, in the order of its first round.
        self.refused: tuple[Refusal, ...] = ()
        self.history: dict[Refusal, datetime] = {}

    async def act(self, client: AsyncClient, snapshot: Snapshot) -> None:
        now = datetime.now(UTC)
        registry = self.registry()
        found = {
            index: tuple(refusals(pod, snapshot, registry))
            for index, pod in enumerate(snapshot.pods)
            if _is_here(pod, snapshot)
        }
        self.refused = tuple(refusal for several in found.values() for refusal in several)
        for refusal in self.refused:
            self.history.setdefault(refusal, now)
        await asyncio.gather(
            *(
                _decide(client, snapshot.pods[index], several, now)
                for index, several in found.items()
                if annotation(snapshot.pods[index], ADMITTED_ANNOTATION) is None
            )
        )


def _is_here(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod is on a node of the rehearsal and has not ended."""
    return (
        pod.spec is not None
        and pod.spec.nodeName in snapshot.node_by_name
        and meta(pod).deletionTimestamp is None
        and not is_finished(pod)
    )


async def _decide(
    client: AsyncClient, pod: Pod, refused: tuple[Refusal, ...], now: datetime
) -> None:
    in_the_way = [refusal for refusal in refused if refusal.effect is not Effect.NOT_SERVED]
    try:
        if in_the_way:
            await _refuse(client, pod, in_the_way, now)
        else:
            await client.patch(
                Pod,
                name_of(pod),
                {"metadata": {"annotations": {ADMITTED_ANNOTATION: "true"}}},
                namespace=namespace_of(pod),
            )
    except ApiError as error:
        if error.status.code != 404:  # deleted since the round began
            raise


async def _refuse(client: AsyncClient, pod: Pod, refused: list[Refusal], now: datetime) -> None:
    status = refused_status(pod, refused, now)
    if shows(pod.status, status):
        return
    await client.patch(
        Pod.Status, name_of(pod), {"status": status.to_dict()}, namespace=namespace_of(pod)
    )
    for refusal in refused:
        await client.create(event(pod, refusal, now))
