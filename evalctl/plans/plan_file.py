"""Reads a plan in Terraform's JSON: what it would change, and a digest of exactly that."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypedDict

from environments.names import ENVIRONMENT_TAG

FORMAT_VERSIONS = ("1.",)  # of `terraform show -json`; a new major may change the format

_ZIP = b"PK"  # a binary plan is a zip archive
_WRITE_IT = "Write the plan as JSON: terraform show -json PLANFILE > PLANFILE.json"


class NotAPlanError(ValueError):
    """The file is not a plan in Terraform's JSON."""


class Action(StrEnum):
    """What happens to a resource: one word for each list of actions in a plan."""

    CREATE = "add"
    UPDATE = "change"
    REPLACE = "replace"
    DELETE = "destroy"
    FORGET = "forget"
    MOVE = "move"
    IMPORT = "import"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that the plan would change."""

    address: str
    type: str
    action: Action
    attributes: tuple[str, ...]  # that change, if the resource is changed or replaced
    # Values may be sensitive: they are compared, and not printed.
    before: Mapping[str, object] = field(repr=False)
    after: Mapping[str, object] = field(repr=False)
    successor_first: bool  # whether what is destroyed goes only when its successor exists


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plan would do."""

    changes: tuple[Change, ...]
    outputs: tuple[str, ...]  # names of outputs that change
    digest: str | None  # of all changes with their values; None if nothing changes
    kept_types: frozenset[str]  # of resources that exist and stay, changed in place or not at all
    environments: frozenset[str]  # whose tag the provider gives, or a resource has


class _Values(TypedDict, total=False):
    actions: list[str]
    before: object
    after: object
    after_unknown: object
    replace_paths: object
    importing: object


class _Resource(TypedDict, total=False):
    address: str
    previous_address: str
    deposed: str
    mode: str
    type: str
    change: _Values


class _Document(TypedDict, total=False):
    resource_changes: list[_Resource]
    output_changes: dict[str, _Values]
    configuration: object


_ACTIONS = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}


def read(file: Path) -> Plan:
    """The plan in a file.

    Raises:
        NotAPlanError: the file is not what `terraform show -json PLAN` writes.
    """
    document = _document(file)
    resources = [
        (resource, action)
        for resource in document.get("resource_changes", [])
        if (action := _action(resource, file)) is not None
    ]
    outputs = {
        name: values
        for name, values in document.get("output_changes", {}).items()
        if values["actions"] != ["no-op"]
    }
    return Plan(
        changes=tuple(_change(resource, action) for resource, action in resources),
        outputs=tuple(sorted(outputs)),
        digest=_digest([r for r, _ in resources], outputs) if resources or outputs else None,
        kept_types=frozenset(
            resource["type"]
            for resource in document.get("resource_changes", [])
            if resource["mode"] == "managed"
            and resource["change"]["actions"] in (["no-op"], ["update"])
        ),
        environments=frozenset(_environments(document)),
    )


def _document(file: Path) -> _Document:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotAPlanError(f"{file} cannot be read: {error.strerror}. {_WRITE_IT}") from error
    if content.startswith(_ZIP):
        raise NotAPlanError(
            f"{file} is a plan in Terraform's binary form. Write it as JSON, in the folder of its stack: "
            f"terraform show -json {file.name} > {file.name}.json"
        )
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotAPlanError(f"{file} is not JSON ({error}). {_WRITE_IT}") from error
    if not isinstance(document, dict) or not str(document.get("format_version", "")).startswith(
        FORMAT_VERSIONS
    ):
        raise NotAPlanError(f"{file} is not a plan. {_WRITE_IT}")
    if document.get("errored"):
        raise NotAPlanError(f"{file} is a plan that failed; plan again")
    if "planned_values" not in document:
        raise NotAPlanError(f"{file} is a state, not a plan; show the plan file")
    result: _Document = {
        "resource_changes": document.get("resource_changes", []),
        "output_changes": document.get("output_changes", {}),
        "configuration": document.get("configuration", {}),
    }
    if (place := _malformed(result)) is not None:
        raise NotAPlanError(f"{file} is not a plan: {place} has another form. {_WRITE_IT}")
    return result


def _malformed(document: _Document) -> str | None:
    """The first place that has not the form of a plan: a guard must not read it as no change."""
    resources: object = document["resource_changes"]
    outputs: object = document["output_changes"]
    if not isinstance(resources, list):
        return "resource_changes"
    if not isinstance(outputs, dict):
        return "output_changes"
    for number, resource in enumerate(resources):
        place = f"resource_changes[{number}]"
        if not isinstance(resource, dict):
            return place
        for key in ("address", "mode", "type"):
            if not isinstance(resource.get(key), str):
                return f"{place}.{key}"
        if not _has_actions(resource.get("change")):
            return f"{place}.change"
    return next(
        (f"output_changes.{name}" for name, change in outputs.items() if not _has_actions(change)),
        None,
    )


def _has_actions(change: object) -> bool:
    actions = change.get("actions") if isinstance(change, dict) else None
    return (
        isinstance(actions, list)
        and bool(actions)
        and all(isinstance(action, str) for action in actions)
    )


def _environments(document: _Document) -> Iterator[str]:
    """The environments in the tags that the provider adds, and in those of every resource."""
    providers = _part(document, "configuration", "provider_config")
    for name in providers:
        blocks = _part(providers, name, "expressions").get("default_tags")
        for block in blocks if isinstance(blocks, list) else []:
            yield from _environment(_part(block, "tags", "constant_value"))
    for resource in document.get("resource_changes", []):
        if resource["mode"] == "managed":
            for state in ("before", "after"):
                yield from _environment(_part(resource, "change", state, "tags_all"))


def _environment(tags: Mapping[str, object]) -> Iterator[str]:
    if isinstance(environment := tags.get(ENVIRONMENT_TAG), str):
        yield environment


def _part(document: object, *names: str) -> Mapping[str, object]:
    """An object in a JSON document; empty if it is not there or of another type."""
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def _action(resource: _Resource, file: Path) -> Action | None:
    """The action, or None if the resource does not change."""
    actions = tuple(resource["change"]["actions"])
    if resource["mode"] != "managed" or actions == ("read",):
        return None
    if actions == ("no-op",):
        if resource["change"].get("importing"):
            return Action.IMPORT
        return Action.MOVE if "previous_address" in resource else None
    if actions not in _ACTIONS:
        # A newer Terraform may have more actions; a plan with one must not pass unseen.
        raise NotAPlanError(
            f"{file}: {resource['address']}: unknown actions {', '.join(actions)}. Update evalctl/plans/plan_file.py for this Terraform."
        )
    return _ACTIONS[actions]


def _change(resource: _Resource, action: Action) -> Change:
    values = resource["change"]
    both = action in (Action.UPDATE, Action.REPLACE)
    return Change(
        address=resource["address"],
        type=resource["type"],
        action=action,
        attributes=_differing(values) if both else (),
        before=_part(values, "before"),
        after=_part(values, "after"),
        # A deposed object is what an apply that failed has left of a replacement.
        successor_first="deposed" in resource or values["actions"][0] == "create",
    )


def _differing(values: _Values) -> tuple[str, ...]:
    """The names of the attributes that differ, without values: those may be sensitive."""
    before, after, unknown = (values.get(key) for key in ("before", "after", "after_unknown"))
    if not (isinstance(before, dict) and isinstance(after, dict) and isinstance(unknown, dict)):
        return ()
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return tuple(sorted(changed | {name for name, is_unknown in unknown.items() if is_unknown}))


def _digest(resources: list[_Resource], outputs: dict[str, _Values]) -> str:
    """Two plans with the same digest make the same changes to the same resources, with the same values."""
    # Other keys are left out: they hold the reason, or which values Terraform hides when it prints.
    keys = ("actions", "before", "after", "after_unknown", "replace_paths", "importing")

    def values(all_values: _Values) -> list[object]:
        return [all_values.get(key) for key in keys]

    changes = [
        [r["address"], r.get("previous_address"), r.get("deposed"), values(r["change"])]
        for r in resources
    ]
    changed_outputs = [[name, values(change)] for name, change in outputs.items()]
    both = [sorted(part, key=json.dumps) for part in (changes, changed_outputs)]
    text = json.dumps(both, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
