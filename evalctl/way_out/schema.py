"""The AWS provider's schema, as the bindings describe it: the type assembly `.jsii` in their wheel."""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

# The folder of a type's bindings, by the section of Terraform's JSON. An `aws_vpc` is in `vpc`.
FOLDERS = {"resource": "", "data": "data-aws-", "ephemeral": "ephemeral-aws-"}

_PRIMITIVES = {"string": "text", "number": "number", "boolean": "true or false", "any": "any value"}
_VERSION = re.compile(r"/hashicorp/aws/(\d+\.\d+\.\d+)/docs")
# The link of an argument ends with its name in Terraform, `…/docs/resources/eks_cluster#role_arn EksCluster…`.
_NAME = re.compile(r"/docs[\w/-]*#(\w+) ")


class UnknownLayoutError(Exception):
    """The assembly differs from those that this module can read; the message names the place."""


class _Property(TypedDict, total=False):
    name: str
    optional: bool
    static: bool
    type: dict[str, object]
    docs: dict[str, str]


class _Type(TypedDict, total=False):
    kind: str
    base: str
    properties: list[_Property]


class Assembly(TypedDict):
    name: str
    version: str
    submodules: dict[str, dict[str, str]]
    types: dict[str, _Type]


def assembly_in(tarball: Path) -> Assembly:
    """The type assembly of jsii's package.

    Raises:
        UnknownLayoutError: it has none.
    """
    with tarfile.open(tarball) as archive:
        file = archive.extractfile("package/.jsii")
        if file is None:
            raise UnknownLayoutError(f"{tarball} has no .jsii")
        assembly: Assembly = json.load(file)
        return assembly


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument or a block; `fields` names the type that has a block's arguments."""

    type: str
    required: bool
    fields: str | None


@dataclass(frozen=True, kw_only=True)
class Type:
    """A resource, a data source or the provider: the type that has its arguments, and what can be read."""

    config: str
    attributes: dict[str, str]


class Schema:
    """What a version of the provider accepts and returns."""

    def __init__(self, assembly: Assembly) -> None:
        self._name = assembly["name"]
        self._types = assembly["types"]
        self._submodules = {
            entry["symbolId"]: name for name, entry in assembly["submodules"].items()
        }
        self._arguments: dict[str, dict[str, Argument]] = {}
        self._names: dict[str, list[str]] = {}
        for name in self._types:
            self._names.setdefault(name.rpartition(".")[0], []).append(name)
        self.bindings = f"{self._name} {assembly['version']}"
        version = _VERSION.search(
            json.dumps(self._types[f"{self._name}.provider.AwsProviderConfig"])
        )
        if version is None:
            raise UnknownLayoutError(f"{self._name}: the provider's arguments link no version")
        self.provider = version[1]

    @classmethod
    def installed(cls, package: str, *, site_packages: Path) -> "Schema":
        """The schema of the bindings that are installed as this Python package.

        Raises:
            UnknownLayoutError: they are not installed there, or have no assembly.
        """
        folder = site_packages / package / "_jsii"
        tarballs = list(folder.glob("*.jsii.tgz"))
        if len(tarballs) != 1:
            raise UnknownLayoutError(f"{folder} has {len(tarballs)} assemblies instead of one")
        return cls(assembly_in(tarballs[0]))

    def find(self, section: str, name: str) -> Type | None:
        """A type by its section of Terraform's JSON and its name there; None if there is none."""
        folder = FOLDERS.get(section, "") + name.removeprefix("aws_").replace("_", "-")
        submodule = self._submodules.get(f"src/{folder}/index:")
        if submodule is None:
            return None
        for one in self._names[submodule]:
            properties = self._types[one].get("properties", [])
            if any(each["name"] == "tfResourceType" for each in properties):
                return Type(
                    config=f"{one}Config",
                    attributes={
                        each["name"]: self._type(each["type"])[0]
                        for each in properties
                        if not each.get("static")
                    },
                )
        raise UnknownLayoutError(f"{submodule} has no class of a Terraform type")

    def arguments(self, fields: str) -> dict[str, Argument]:
        """The arguments of a type or a block, by their names in Terraform."""
        if fields not in self._arguments:
            self._arguments[fields] = dict(self._read_arguments(fields))
        return self._arguments[fields]

    def _read_arguments(self, fields: str) -> Iterator[tuple[str, Argument]]:
        for each in self._types[fields].get("properties", []):
            name = _NAME.search(" ".join(each.get("docs", {}).values()))
            if name is None:
                raise UnknownLayoutError(f"{fields}.{each['name']} links no documentation")
            text, inner = self._type(each["type"])
            required = not each.get("optional", False)
            yield name[1], Argument(type=text, required=required, fields=inner)

    def _type(self, reference: dict[str, object]) -> tuple[str, str | None]:
        """The type in words, and the name of the type that has a block's arguments."""
        match reference:
            case {"primitive": str(name)}:
                return _PRIMITIVES[name], None
            case {"collection": {"kind": str(kind), "elementtype": dict(element)}}:
                text, fields = self._type(element)
                return f"{'list' if kind == 'array' else kind} of {text}", fields
            case {"union": {"types": list(types)}}:
                # A token may stand for many values; it is no type of its own.
                (one,) = (
                    each for each in types if not str(each.get("fqn")).endswith(".IResolvable")
                )
                return self._type(one)
            case {"fqn": str(name)} if name in self._types:
                base = self._types[name].get("base", "")
                return ("list of blocks" if base.endswith(".ComplexList") else "block"), name
            case {"fqn": str(name)}:
                return name.partition(".")[2], None
        raise UnknownLayoutError(f"{self._name} has the type {reference}")
