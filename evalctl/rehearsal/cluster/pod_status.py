"""The status and the event that a kubelet writes for a pod that it refuses."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from lightkube.models.core_v1 import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    EventSource,
    ObjectReference,
    PodCondition,
    PodStatus,
)
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Event, Pod

from evalctl.rehearsal.cluster.refusals import Effect, Refusal
from evalctl.rehearsal.cluster.state import meta, name_of, namespace_of

_EVENT_REASONS = {
    Effect.NO_VOLUMES: "FailedMount",
    Effect.NO_CONFIGURATION: "Failed",
    Effect.NO_IMAGE: "Failed",
    Effect.NOT_READY: "Unhealthy",
}
_NO_START = (Effect.NO_CONFIGURATION, Effect.NO_IMAGE)


def refused_status(pod: Pod, refusals: Sequence[Refusal], now: datetime) -> PodStatus:
    """Containers wait or run, as far as they come with these refusals; the pod is not ready."""
    assert pod.spec is not None
    init = pod.spec.initContainers or []
    names = {container.name for container in init}
    no_volumes = any(refusal.effect is Effect.NO_VOLUMES for refusal in refusals)
    initialized = not no_volumes and not any(
        refusal.container in names and refusal.effect in _NO_START for refusal in refusals
    )
    if no_volumes:
        waiting: str | None = "PodInitializing" if init else "ContainerCreating"
    else:
        waiting = None if initialized else "PodInitializing"
    own = [_status(one, refusals, waiting, now) for one in pod.spec.containers]
    pending = any(status.state and status.state.waiting for status in own)
    return PodStatus(
        phase="Pending" if pending else "Running",
        startTime=now,
        conditions=[
            _condition("Initialized", initialized, "ContainersNotInitialized", now),
            _condition("Ready", False, "ContainersNotReady", now),
            _condition("ContainersReady", False, "ContainersNotReady", now),
        ],
        containerStatuses=own,
        initContainerStatuses=[
            _init_status(one, refusals, waiting, initialized, now) for one in init
        ]
        or None,
    )


def shows(status: PodStatus | None, wanted: PodStatus) -> bool:
    """Whether the pod's status is the wanted one; times may differ."""
    return status is not None and _essence(status) == _essence(wanted)


def event(pod: Pod, refusal: Refusal, now: datetime) -> Event:
    reason, message = _EVENT_REASONS[refusal.effect], refusal.reason
    if refusal.effect is Effect.NO_CONFIGURATION:
        message = f"Error: {message}"
    key = hashlib.sha256(f"{meta(pod).uid}{refusal}{now}".encode()).hexdigest()[:16]
    return Event(
        metadata=ObjectMeta(name=f"{name_of(pod)}.{key}", namespace=namespace_of(pod)),
        involvedObject=ObjectReference(
            apiVersion="v1",
            kind="Pod",
            name=name_of(pod),
            namespace=namespace_of(pod),
            uid=meta(pod).uid,
        ),
        reason=reason,
        message=message,
        type="Warning",
        count=1,
        firstTimestamp=now,
        lastTimestamp=now,
        source=EventSource(component="kubelet", host=pod.spec.nodeName if pod.spec else None),
    )


def _status(
    container: Container, refusals: Sequence[Refusal], waiting: str | None, now: datetime
) -> ContainerStatus:
    refusal = next((one for one in refusals if one.container == container.name), None)
    if waiting:
        state = ContainerState(waiting=ContainerStateWaiting(reason=waiting))
    elif refusal and refusal.effect in _NO_START:
        state = ContainerState(
            waiting=ContainerStateWaiting(reason=refusal.effect, message=refusal.reason)
        )
    else:
        state = ContainerState(running=ContainerStateRunning(startedAt=now))
    return ContainerStatus(
        name=container.name,
        image=container.image or "",
        imageID="",
        ready=state.running is not None and refusal is None,
        started=state.running is not None,
        restartCount=0,
        state=state,
    )


def _init_status(
    container: Container,
    refusals: Sequence[Refusal],
    waiting: str | None,
    initialized: bool,
    now: datetime,
) -> ContainerStatus:
    if not initialized:
        own = [one for one in refusals if one.container == container.name]
        return _status(container, refusals, None if own else waiting, now)
    if container.restartPolicy == "Always":
        return _status(container, refusals, None, now)
    ended = ContainerStateTerminated(exitCode=0, reason="Completed", startedAt=now, finishedAt=now)
    return ContainerStatus(
        name=container.name,
        image=container.image or "",
        imageID="",
        ready=True,
        restartCount=0,
        state=ContainerState(terminated=ended),
    )


def _condition(type_: str, holds: bool, reason: str, now: datetime) -> PodCondition:
    return PodCondition(
        type=type_,
        status="True" if holds else "False",
        reason=None if holds else reason,
        lastTransitionTime=now,
    )


def _essence(status: PodStatus) -> object:
    containers = [*(status.initContainerStatuses or ()), *(status.containerStatuses or ())]
    return status.phase, [
        (
            one.name,
            one.ready,
            waiting.reason if waiting else None,
            waiting.message if waiting else None,
        )
        for one in containers
        for waiting in (one.state.waiting if one.state else None,)
    ]
