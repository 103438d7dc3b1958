"""The objects that Argo CD applies, and the pods that they make."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.node import Node, UnusableError

_SYNCED = ("k8s", "dashboards", "argocd", "argocd-install")
_OWNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
_UNITS = {None: 1.0, "m": 1e-3, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


@dataclass(frozen=True)
class Pods:
    """The pods of a Deployment, a Job or another object that makes pods."""

    owner: Node
    template: Node

    @property
    def name(self) -> str:
        return name_of(self.owner)

    @property
    def kind(self) -> str:
        return self.owner["kind"].text()

    @property
    def namespace(self) -> str:
        return namespace_of(self.owner)

    @property
    def labels(self) -> dict[str, str]:
        return self.template.at("metadata", "labels").labels()

    @property
    def spec(self) -> Node:
        return self.template["spec"]

    def containers(self) -> list[Node]:
        return [*self.spec["initContainers"].items(), *self.spec["containers"].items()]


def objects(env: RenderedEnvironment, *kinds: str) -> Iterator[Node]:
    """The whole objects of these kinds, without Kustomize's patches."""
    for kind, document in _synced(env):
        if not kinds or kind in kinds:
            yield document


@lru_cache(maxsize=1)  # checks read the objects of one environment hundreds of times
def _synced(env: RenderedEnvironment) -> list[tuple[object, Node]]:
    """Each object with its kind."""
    return [
        (document["kind"].value, document)
        for document in env.below(*_SYNCED)
        if not re.match(r"patch-|kustomization\.yaml$", document.source.file.rpartition("/")[2])
    ]


def pods(env: RenderedEnvironment, *kinds: str) -> Iterator[Pods]:
    """The pods of the platform's own objects; those of the add-ons are made by their charts."""
    for owner in objects(env, *(kinds or _OWNERS)):
        spec = owner["spec"]
        job = spec["jobTemplate"]["spec"]
        yield Pods(owner, (job if job.present else spec)["template"])


def patches(env: RenderedEnvironment) -> Iterator[Node]:
    """Kustomize's patches of Argo CD's own pods."""
    for document in env.below("argocd-install"):
        if document["kind"].value in ("Deployment", "StatefulSet"):
            yield document


def chart_values(env: RenderedEnvironment) -> Iterator[tuple[Node, Node]]:
    """The Application and the values of each add-on's chart."""
    for application in objects(env, "Application"):
        helm = application.at("spec", "source", "helm", "valuesObject")
        if helm.present:
            yield application, helm


def name_of(document: Node) -> str:
    return document.at("metadata", "name").text()


def namespace_of(document: Node) -> str:
    return document.at("metadata", "namespace").text_or("")


def called(env: RenderedEnvironment, kind: str, name: str, *, namespace: str) -> Node | None:
    """The object of this kind and name."""
    for document in objects(env, kind):
        if (name_of(document), namespace_of(document)) == (name, namespace):
            return document
    return None


def selects(selector: Node, labels: dict[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    wanted = selector["matchLabels"].labels()
    return wanted.items() <= labels.items() and all(
        _matches(expression, labels) for expression in selector["matchExpressions"].items()
    )


def _matches(expression: Node, labels: dict[str, str]) -> bool:
    value = labels.get(expression["key"].text())
    match expression["operator"].text():
        case "In":
            return value in expression["values"].texts()
        case "NotIn":
            return value not in expression["values"].texts()
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise UnusableError(expression["operator"], "this operator is unknown")


def quantity(node: Node) -> float:
    """A quantity in cores, bytes or pieces.

    Raises:
        UnusableError: it is missing, or not a quantity.
    """
    if isinstance(node.value, int | float):
        return node.number()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m|Ki|Mi|Gi)?", node.text())
    if match is None:
        raise UnusableError(node, "this must be a quantity, as in 250m or 512Mi")
    return float(match[1]) * _UNITS[match[2]]
