"""What another version of the AWS provider would change in our Terraform JSON, by both schemas."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from evalctl.way_out.schema import FOLDERS, Argument, Schema, Type

# Terraform's own arguments of every resource and data source; `//` is a comment.
_TERRAFORMS_OWN = {
    "//",
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
}
_READ = re.compile(r"\b(data\.|ephemeral\.)?(aws_\w+)\.[A-Za-z_][\w-]*\.([a-z]\w*)")


@dataclass(kw_only=True)
class Changes:
    """The changes by place, and how much was compared."""

    types: set[str] = field(default_factory=set)
    arguments: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    optional: int = 0  # arguments and blocks that are new and that our JSON need not set
    found: dict[str, str] = field(default_factory=dict)  # place → what is different there


def compare(documents: Iterable[dict[str, object]], *, old: Schema, new: Schema) -> Changes:
    """Everything in these documents of the AWS provider that differs between both schemas."""
    changes = Changes()
    comparison = _Comparison(old=old, new=new, changes=changes)
    for document in documents:
        for section in FOLDERS:
            for name, instances in _mapping(document.get(section)).items():
                if name.startswith("aws_"):
                    for body in _mapping(instances).values():
                        comparison.type(section, name, _mapping(body))
        for name, bodies in _mapping(document.get("provider")).items():
            for body in bodies if isinstance(bodies, list) else [bodies]:
                comparison.type("provider", "provider", _mapping(body), place=f"provider {name}")
        for prefix, name, attribute in _READ.findall(json.dumps(document)):
            comparison.attribute(prefix.rstrip(".") or "resource", name, attribute)
    return changes


class _Comparison:
    def __init__(self, *, old: Schema, new: Schema, changes: Changes) -> None:
        self._old, self._new, self._changes = old, new, changes
        self._types: dict[tuple[str, str], tuple[Type | None, Type | None]] = {}
        self._counted: set[str] = set()

    def type(self, section: str, name: str, body: dict[str, object], *, place: str = "") -> None:
        place = place or (name if section == "resource" else f"{section} {name}")
        self._changes.types.add(place)
        old, new = self._both(section, name)
        if new is None:
            self._changes.found[place] = "the type is removed" if old else "in neither version"
            return
        self._block(place, old.config if old else None, new.config, body, own=_TERRAFORMS_OWN)

    def attribute(self, section: str, name: str, attribute: str) -> None:
        place = f"{name if section == 'resource' else f'{section} {name}'}.{attribute}"
        self._changes.attributes.add(place)
        old, new = self._both(section, name)
        first, *rest = attribute.split("_")
        key = first + "".join(part.capitalize() for part in rest)
        before, after = (None if one is None else one.attributes.get(key) for one in (old, new))
        if new is None or before == after is not None:
            return
        if after is None:
            self._changes.found[f"{place}, read"] = "removed" if before else "in neither version"
        elif before is not None:
            self._changes.found[f"{place}, read"] = f"{before}, then {after}"

    def _both(self, section: str, name: str) -> tuple[Type | None, Type | None]:
        key = (section, name)
        if key not in self._types:
            self._types[key] = (self._old.find(*key), self._new.find(*key))
        return self._types[key]

    def _block(
        self,
        place: str,
        old_fields: str | None,
        new_fields: str,
        body: dict[str, object],
        *,
        own: Iterable[str] = (),
    ) -> None:
        old = None if old_fields is None else self._old.arguments(old_fields)
        new = self._new.arguments(new_fields)
        if old is not None and place not in self._counted:
            self._counted.add(place)
            self._changes.optional += sum(
                1 for name, one in new.items() if name not in old and not one.required
            )
        for name, argument in new.items():
            if argument.required and name not in body:
                self._changes.found[f"{place}.{name}"] = "required, and ours does not set it"
        for name in body.keys() - set(own):
            self._argument(
                f"{place}.{name}",
                old.get(name) if old else None,
                new.get(name),
                body[name],
                known=old is not None,
            )

    def _argument(
        self, place: str, old: Argument | None, new: Argument | None, value: object, *, known: bool
    ) -> None:
        self._changes.arguments.add(place)
        if new is None:
            self._changes.found[place] = "removed" if old or not known else "in neither version"
            return
        if old is None:
            if known:
                self._changes.found[place] = "in the new version only"
        elif old.type != new.type:
            self._changes.found[place] = f"{old.type}, then {new.type}"
        if new.fields is not None:
            for body in value if isinstance(value, list) else [value]:
                if isinstance(body, dict):
                    self._block(place, old.fields if old else None, new.fields, body)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
