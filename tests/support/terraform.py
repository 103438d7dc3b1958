"""Reads the resources of a synthesized stack."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.names import Stack

Body = dict[str, Any]


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


Stacks = dict[str, dict[Stack, Terraform]]  # environment name → stack → its Terraform
