"""Reads the resources of a synthesized stack."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.names import Stack

Body = dict[str, Any]

_REFERENCE = re.compile(r"\b(?:aws_\w+|local)\.[\w-]+")


@dataclass(frozen=True)
class Terraform:
    """One stack's Terraform JSON."""

    json: Body

    @classmethod
    def read(cls, path: Path) -> "Terraform":
        return cls(json.loads(path.read_text()))

    def resources(self, type_: str) -> dict[str, Body]:
        """Resource id → arguments, for one resource type; empty if the stack has none."""
        found: dict[str, Body] = self.json.get("resource", {}).get(type_, {})
        return found

    def resource(self, type_: str, id_: str) -> Body:
        return self.resources(type_)[id_]

    def only(self, type_: str) -> Body:
        """The stack's single resource of this type."""
        (body,) = self.resources(type_).values()
        return body

    def uses(self, address: str) -> set[str]:
        """The resources and locals that this one names, in `depends_on` or in an argument."""
        type_, _, id_ = address.partition(".")
        body = self.json["locals"][id_] if type_ == "local" else self.resource(type_, id_)
        return (set(_REFERENCE.findall(json.dumps(body))) & self._addresses()) - {address}

    def waits_for(self, address: str) -> set[str]:
        """Everything that terraform creates before this resource, and deletes after it."""
        found: set[str] = set()
        following = {address}
        while following:
            following = {used for each in following for used in self.uses(each)} - found
            found |= following
        return found

    def addresses(self, *types: str) -> list[str]:
        """The addresses of the resources of these types; of all types if none is given."""
        resources = self.json.get("resource", {})
        return [
            f"{type_}.{id_}" for type_ in types or resources for id_ in resources.get(type_, {})
        ]

    def _addresses(self) -> set[str]:
        return {*self.addresses(), *(f"local.{name}" for name in self.json.get("locals", {}))}


Stacks = dict[str, dict[Stack, Terraform]]  # environment name → stack → its Terraform
