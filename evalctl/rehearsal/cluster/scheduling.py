"""Whether a node has room for a pod and admits it: resources, taints, labels and the zones of volumes.

The real scheduler decides for the nodes that exist. This decides for a node that does not exist yet.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from lightkube.models.core_v1 import (
    NodeSelector,
    NodeSelectorRequirement,
    PodSpec,
    ResourceRequirements,
    Taint,
    Toleration,
)
from lightkube.resources.core_v1 import Node, PersistentVolume, Pod
from lightkube.utils.quantity import parse_quantity

from evalctl.rehearsal.cluster.state import meta

Amounts = Mapping[str, Decimal]

_FINISHED = ("Succeeded", "Failed")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A node, by what decides whether a pod fits on it."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    free: Amounts

    def takes(self, spec: PodSpec, volumes: Iterable[PersistentVolume] = ()) -> bool:
        return self.admits(spec, volumes) and fits(requests(spec), self.free)

    def admits(self, spec: PodSpec, volumes: Iterable[PersistentVolume] = ()) -> bool:
        """All but the room."""
        return (
            all(_tolerated(taint, spec.tolerations or []) for taint in self.taints)
            and all(self.labels.get(k) == v for k, v in (spec.nodeSelector or {}).items())
            and _matches(required_of_nodes(spec), self.labels)
            and all(in_reach(volume, self.labels) for volume in volumes)
        )

    def without(self, spec: PodSpec) -> "Place":
        """What is left after the pod."""
        wanted = requests(spec)
        left = {name: free - wanted.get(name, Decimal(0)) for name, free in self.free.items()}
        return replace(self, free=left)


def place(node: Node, pods: Iterable[Pod] = ()) -> Place:
    """The node with what its pods leave free; a pod that has ended holds nothing."""
    assert node.spec is not None
    assert node.status is not None
    free = amounts(node.status.allocatable)
    empty = Place(labels=meta(node).labels or {}, taints=tuple(node.spec.taints or ()), free=free)
    for pod in pods:
        if pod.spec and not is_finished(pod):
            empty = empty.without(pod.spec)
    return empty


def is_finished(pod: Pod) -> bool:
    return bool(pod.status and pod.status.phase in _FINISHED)


def node_of(pod: Pod) -> str:
    """The node that the scheduler chose; empty before."""
    return (pod.spec.nodeName if pod.spec else None) or ""


def is_unschedulable(pod: Pod) -> bool:
    """Whether the scheduler found no node, and no pod to evict for it."""
    if pod.status is None or pod.spec is None or pod.spec.nodeName or pod.status.nominatedNodeName:
        return False
    return any(
        condition.type == "PodScheduled"
        and condition.status == "False"
        and condition.reason == "Unschedulable"
        for condition in pod.status.conditions or ()
    )


def amounts(quantities: Mapping[str, str] | None) -> dict[str, Decimal]:
    return {
        name: parse_quantity(str(value)) or Decimal(0) for name, value in (quantities or {}).items()
    }


def requests(spec: PodSpec) -> dict[str, Decimal]:
    """What the scheduler counts: containers and sidecars together, or an init container that needs more."""
    running: dict[str, Decimal] = {}
    for container in spec.containers:
        running = _sum(running, _requests(container.resources))
    sidecars: dict[str, Decimal] = {}
    starting: dict[str, Decimal] = {}
    for container in spec.initContainers or ():
        own = _requests(container.resources)
        if container.restartPolicy == "Always":
            sidecars = _sum(sidecars, own)
            own = {}
        starting = _max(starting, _sum(sidecars, own))
    total = _max(_sum(running, sidecars), starting)
    return _sum(_sum(total, amounts(spec.overhead)), {"pods": Decimal(1)})


def fits(wanted: Amounts, free: Amounts) -> bool:
    return all(amount <= free.get(name, Decimal(0)) for name, amount in wanted.items() if amount)


def in_reach(volume: PersistentVolume, labels: Mapping[str, str]) -> bool:
    """Whether a node with these labels can attach the volume."""
    affinity = volume.spec.nodeAffinity if volume.spec else None
    return _matches(affinity.required if affinity else None, labels)


def required_of_nodes(spec: PodSpec) -> NodeSelector | None:
    affinity = spec.affinity.nodeAffinity if spec.affinity else None
    return affinity.requiredDuringSchedulingIgnoredDuringExecution if affinity else None


def avoids_its_own(pod: Pod) -> bool:
    """Whether two such pods may not share a node."""
    spec = pod.spec
    anti = spec.affinity.podAntiAffinity if spec and spec.affinity else None
    labels = meta(pod).labels or {}
    return any(
        term.topologyKey == "kubernetes.io/hostname"
        and term.labelSelector is not None
        and all(labels.get(k) == v for k, v in (term.labelSelector.matchLabels or {}).items())
        and all(
            requirement.operator == "In"
            and labels.get(requirement.key) in (requirement.values or ())
            for requirement in term.labelSelector.matchExpressions or ()
        )
        for term in (anti.requiredDuringSchedulingIgnoredDuringExecution if anti else None) or ()
    )


def _requests(resources: ResourceRequirements | None) -> dict[str, Decimal]:
    return amounts(resources.requests if resources else None)


def _sum(one: Amounts, other: Amounts) -> dict[str, Decimal]:
    return {
        name: one.get(name, Decimal(0)) + other.get(name, Decimal(0)) for name in {*one, *other}
    }


def _max(one: Amounts, other: Amounts) -> dict[str, Decimal]:
    return {
        name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in {*one, *other}
    }


def _tolerated(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    if taint.effect == "PreferNoSchedule":
        return True
    return any(
        (not toleration.effect or toleration.effect == taint.effect)
        and (
            (toleration.operator == "Exists" and toleration.key in (None, "", taint.key))
            or (
                toleration.operator in (None, "", "Equal")
                and toleration.key == taint.key
                and (toleration.value or "") == (taint.value or "")
            )
        )
        for toleration in tolerations
    )


def _matches(selector: NodeSelector | None, labels: Mapping[str, str]) -> bool:
    """Terms are alternatives; all expressions of one must hold."""
    if selector is None:
        return True
    return any(
        term.matchExpressions
        and all(_holds(expression, labels) for expression in term.matchExpressions)
        for term in selector.nodeSelectorTerms
    )


def _holds(expression: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression.key), expression.values or []
    match expression.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            if value is None or not re.fullmatch(r"-?\d+", value):
                return False
            difference = int(value) - int(values[0])
            return difference > 0 if expression.operator == "Gt" else difference < 0
    return False
