"""What rendered/ declares, one value for each AWS resource and each Kubernetes object."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import yaml

# Terraform's own arguments, and cdktf's comment: not properties of the resource.
_NO_PROPERTIES = ("//", "connection", "depends_on", "lifecycle", "provider", "provisioner")
_REFERENCE = re.compile(r"\$\{(\w+)\.([\w-]+)\.(\w+)\}")


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, by Terraform's names."""

    stack: str  # with its environment, as in dev-network
    type: str
    name: str
    properties: dict[str, object]

    @property
    def id(self) -> str:
        """Unique in rendered/: two stacks, and two types in a stack, may have equal names."""
        return f"{self.stack}-{self.type.removeprefix('aws_')}-{self.name}".replace("_", "-")


@dataclass(frozen=True)
class KubernetesObject:
    """An object as the cluster receives it; `folder` is as in dev-k8s-worker, with `file` unique."""

    folder: str
    file: str
    manifest: dict[str, object]

    @property
    def id(self) -> str:
        return f"{self.folder}-{self.file}"


@dataclass(frozen=True)
class Reference:
    """A property's whole value that is an attribute of a resource of the same stack."""

    type: str
    name: str
    attribute: str


def reference(value: object) -> Reference | None:
    """None for any other value, and for a text in which the reference is a part."""
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return Reference(*match.groups()) if match else None


def resources(rendered: Path) -> list[Resource]:
    """Of every stack, each resource after those to which it refers."""
    return [
        resource
        for file in sorted(rendered.glob("*/terraform/*/*.tf.json"))
        for resource in _in_order(list(_of_stack(file)))
    ]


def objects(rendered: Path) -> list[KubernetesObject]:
    """Every object of every folder, without the lists of files that kustomize reads."""
    found = []
    for file in sorted(rendered.glob("*/**/*.yaml")):
        manifest = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if "metadata" in manifest:
            folder = "-".join(file.parent.relative_to(rendered).parts)
            found.append(KubernetesObject(folder, file.stem, manifest))
    return found


def _of_stack(file: Path) -> Iterator[Resource]:
    stack = f"{file.parts[-4]}-{file.parts[-2]}"
    for type_, named in json.loads(file.read_text(encoding="utf-8")).get("resource", {}).items():
        for name, values in named.items():
            properties = {key: value for key, value in values.items() if key not in _NO_PROPERTIES}
            yield Resource(stack, type_, name, properties)


def _in_order(found: list[Resource]) -> Iterator[Resource]:
    by_address = {(each.type, each.name): each for each in found}
    graph = {
        address: [to for to in _references(each.properties) if to in by_address]
        for address, each in by_address.items()
    }
    for address in TopologicalSorter(graph).static_order():
        yield by_address[address]


def _references(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _references(part)
    elif (to := reference(value)) is not None:
        yield to.type, to.name
