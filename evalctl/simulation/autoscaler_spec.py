"""The rendered HorizontalPodAutoscaler, as the model reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


class UnreadableAutoscalerError(Exception):
    """The manifest has a metric, or lacks a field, for which the model was not made."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """At most so many pods, or so many percent of the pods, in a period."""

    type: Literal["Pods", "Percent"]
    value: int
    period_seconds: int


@dataclass(frozen=True, kw_only=True)
class Direction:
    """The rules of one direction: up or down."""

    window_seconds: int
    policies: tuple[Policy, ...]


@dataclass(frozen=True, kw_only=True)
class AutoscalerSpec:
    """Bounds, targets and rules; a target that is None is a metric that the autoscaler does not read."""

    min_replicas: int
    max_replicas: int
    unfinished_jobs_per_replica: int | None
    cpu_percent: int | None
    up: Direction
    down: Direction


def parsed(spec: Mapping[str, object]) -> AutoscalerSpec:
    """The `spec` of a manifest of autoscaling/v2.

    Raises:
        UnreadableAutoscalerError: it has something else than the workers' autoscaler.
    """
    try:
        return _parsed(spec)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableAutoscalerError(
            f"the autoscaler has another form than the model reads: {type(error).__name__} {error}"
        ) from error


def _parsed(spec: Mapping[str, object]) -> AutoscalerSpec:
    targets: dict[str, int] = {}
    for metric in _list(spec["metrics"]):
        kind = metric["type"]
        if kind == "External":
            targets["External"] = int(str(_map(_map(metric["external"])["target"])["averageValue"]))
        elif kind == "Resource" and _map(metric["resource"])["name"] == "cpu":
            target = _map(_map(metric["resource"])["target"])
            targets["cpu"] = int(str(target["averageUtilization"]))
        else:
            raise ValueError(f"metric of type {kind}")
    behavior = _map(spec["behavior"])
    return AutoscalerSpec(
        min_replicas=int(str(spec["minReplicas"])),
        max_replicas=int(str(spec["maxReplicas"])),
        unfinished_jobs_per_replica=targets.get("External"),
        cpu_percent=targets.get("cpu"),
        up=_direction(_map(behavior["scaleUp"])),
        down=_direction(_map(behavior["scaleDown"])),
    )


def _direction(rules: Mapping[str, object]) -> Direction:
    if rules["selectPolicy"] != "Max":
        raise ValueError(f"selectPolicy {rules['selectPolicy']}")
    return Direction(
        window_seconds=int(str(rules["stabilizationWindowSeconds"])),
        policies=tuple(
            Policy(
                type="Pods" if policy["type"] == "Pods" else "Percent",
                value=int(str(policy["value"])),
                period_seconds=int(str(policy["periodSeconds"])),
            )
            for policy in _list(rules["policies"])
        ),
    )


def _map(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no mapping")
    return value


def _list(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return [_map(entry) for entry in value]
