"""Kubernetes objects for the tests of the stand-ins, from their YAML."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import yaml
from lightkube.core.dictmixin import DictMixin
from lightkube.models.core_v1 import PodCondition, PodStatus
from lightkube.resources.core_v1 import ConfigMap, Node, Pod, Secret, ServiceAccount

from environments.names import Names
from environments.node_pools import node_pools
from environments.prod import PROD
from evalctl.rehearsal.cluster.node_template import NodeTemplate

T = TypeVar("T", bound=DictMixin)


def of(kind: type[T], document: Mapping[str, object]) -> T:
    """An object of this kind."""
    found = kind.from_dict(dict(document))
    assert isinstance(found, kind)
    return found


NAMES = Names(PROD)
TEMPLATE = NodeTemplate(names=NAMES)
GENERAL, WORKERS = node_pools(PROD.cluster)
ZONES = PROD.network.zones
CREATED = datetime(2026, 11, 28, 12, tzinfo=UTC)


def pod(spec: str, name: str = "one", labels: Mapping[str, str] | None = None) -> Pod:
    document = {
        "metadata": {
            "name": name,
            "namespace": "apps",
            "uid": name,
            "labels": dict(labels or {}),
            "creationTimestamp": CREATED.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "spec": yaml.safe_load(spec),
    }
    return of(Pod, document)


def waiting(item: Pod) -> Pod:
    """The pod as the scheduler marks it when no node takes it."""
    item.status = PodStatus(
        phase="Pending",
        conditions=[PodCondition(type="PodScheduled", status="False", reason="Unschedulable")],
    )
    return item


def node(pool: str = "general", zone: str = ZONES[0], number: int = 0) -> Node:
    item = TEMPLATE.node({"general": GENERAL, "workers-spot": WORKERS}[pool], zone, number)
    assert item.metadata is not None
    item.metadata.creationTimestamp = CREATED
    return item


def config_map(name: str, *keys: str) -> ConfigMap:
    return of(
        ConfigMap,
        {"metadata": {"name": name, "namespace": "apps"}, "data": dict.fromkeys(keys, "")},
    )


def secret(name: str, *keys: str) -> Secret:
    return of(
        Secret, {"metadata": {"name": name, "namespace": "apps"}, "data": dict.fromkeys(keys, "")}
    )


ACCOUNT = of(ServiceAccount, {"metadata": {"name": "default", "namespace": "apps"}})
