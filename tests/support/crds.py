"""Checks custom resources against their CustomResourceDefinition, like the API server.

The definitions are in the folder `CRD_DIR`. Unknown fields are refused (the server would drop them
silently). Defaults are applied before the CEL rules run. A rule that cannot be evaluated here is an
error.
"""

import base64
import binascii
import copy
import functools
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import celpy
import jsonschema
import kubernetes_validate
import pytest
import yaml
from celpy import celtypes
from celpy.adapter import json_to_cel

from tests.support.manifests import Manifest

Schema = dict[str, Any]

needs_crds = pytest.mark.skipif(
    not os.environ.get("CRD_DIR"),
    reason="CRD_DIR is not set: it is the folder with the CustomResourceDefinitions",
)

_METADATA_VERSION = "1.35"  # of Kubernetes; ObjectMeta has not changed in years


def is_custom(manifest: Manifest) -> bool:
    """Whether a CustomResourceDefinition defines the object's kind, and not Kubernetes itself."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def validate_custom_resource(manifest: Manifest) -> list[str]:
    """Every reason for the API server to refuse this object, or to drop a part of it."""
    try:
        scope, schema = _definition_of(manifest)
    except LookupError as error:
        return [str(error)]
    stored = _with_defaults(schema, copy.deepcopy(manifest))
    return [
        *_scope_problems(scope, manifest),
        *_metadata_problems(manifest),
        *_schema_problems(schema, manifest),
        *_list_problems(schema, stored, ""),
        *_rule_problems(schema, stored, ""),
    ]


def as_stored(manifest: Manifest) -> Manifest:
    """The object as the server stores it, with its definition's defaults.

    Raises:
        LookupError: no definition serves this kind and version.
    """
    _, schema = _definition_of(manifest)
    stored: Manifest = _with_defaults(schema, copy.deepcopy(manifest))
    return stored


def _definition_of(manifest: Manifest) -> tuple[str, Schema]:
    """The scope of a kind, and its schema in the manifest's version."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    definition = _definition(group, manifest["kind"])
    if definition is None:
        raise LookupError(
            f"no CustomResourceDefinition for {manifest['apiVersion']} {manifest['kind']}"
        )
    served = {v["name"]: v for v in definition["spec"]["versions"] if v["served"]}
    if version not in served:
        raise LookupError(f"apiVersion: {version} is not served, use one of {', '.join(served)}")
    return definition["spec"]["scope"], served[version]["schema"]["openAPIV3Schema"]


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: an unquoted `=` is a string."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.construct_yaml_str
    }


@functools.cache
def _definition(group: str, kind: str) -> Schema | None:
    """The definition of a kind; the folder's files are named `<group>_<plural>.yaml`."""
    for path in Path(os.environ["CRD_DIR"]).glob(f"{group}_*.yaml"):
        text = path.read_text()
        # Parsing the largest file takes a second, so only the file that matches is parsed.
        if re.search(rf"^    kind: {kind}$", text, re.MULTILINE):
            definition: Schema = yaml.load(text, Loader=_Loader)
            return definition
    return None


def _scope_problems(scope: str, manifest: Manifest) -> Iterator[str]:
    if (scope == "Namespaced") != ("namespace" in manifest["metadata"]):
        yield f"metadata.namespace: the kind is {scope}"


def _metadata_problems(manifest: Manifest) -> Iterator[str]:
    """A definition does not describe `metadata`; the schema of a built-in kind does."""
    try:
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": manifest["metadata"]},
            _METADATA_VERSION,
            strict=True,
        )
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


def _schema_problems(schema: Schema, manifest: Manifest) -> Iterator[str]:
    closed = _closed(schema)
    closed["properties"]["metadata"] = {"type": "object"}
    validator = jsonschema.Draft202012Validator(closed, format_checker=_FORMATS)
    for error in validator.iter_errors(manifest):
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


def _closed(schema: Schema) -> Schema:
    """The JSON schema of a structural schema that allows no other fields.

    Only the structure is closed. `anyOf`, `oneOf`, `allOf` and `not` add conditions to fields of the
    structure; closing them too would refuse valid objects.
    """
    closed = {k: v for k, v in schema.items() if not k.startswith("x-") and k != "nullable"}
    if "properties" in schema:
        closed["properties"] = {k: _closed(v) for k, v in schema["properties"].items()}
    if "items" in schema:
        closed["items"] = _closed(schema["items"])
    keeps_unknown = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(schema.get("additionalProperties"), dict):
        closed["additionalProperties"] = _closed(schema["additionalProperties"])
    elif schema.get("type") == "object" and not keeps_unknown:
        closed.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        closed["type"] = ["integer", "string"]
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, closed]}
    return closed


def _with_defaults(schema: Schema, value: Any) -> Any:
    """The value as the server stores it: missing fields get the schema's defaults."""
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name not in value and "default" in part:
                value[name] = copy.deepcopy(part["default"])
    for key, part, child in _children(schema, value):
        value[key] = _with_defaults(part, child)
    return value


def _children(schema: Schema, value: Any) -> Iterator[tuple[Any, Schema, Any]]:
    """Key, schema and value of each part of an object or a list."""
    if isinstance(value, dict):
        others = schema.get("additionalProperties")
        for name, child in value.items():
            part = schema.get("properties", {}).get(name, others)
            if isinstance(part, dict):
                yield name, part, child
    elif isinstance(value, list) and "items" in schema:
        for index, child in enumerate(value):
            yield index, schema["items"], child


def _list_problems(schema: Schema, value: Any, path: str) -> Iterator[str]:
    """Duplicates in lists that the schema declares as sets or maps."""
    keys = schema.get("x-kubernetes-list-map-keys", [])
    if isinstance(value, list) and schema.get("x-kubernetes-list-type") in ("set", "map"):
        seen = [[item.get(key) for key in keys] if keys else item for item in value]
        if any(item in seen[:index] for index, item in enumerate(seen)):
            yield f"{path}: the same {', '.join(keys) or 'value'} twice"
    for key, part, child in _children(schema, value):
        yield from _list_problems(part, child, f"{path}.{key}".lstrip("."))


def _rule_problems(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if value is not None:
        for rule in schema.get("x-kubernetes-validations", []):
            # Rules about a change do not run when an object is created.
            if not re.search(r"\boldSelf\b", rule["rule"]) or rule.get("optionalOldSelf"):
                yield from _rule_problem(rule, value, path)
    for key, part, child in _children(schema, value):
        yield from _rule_problems(part, child, f"{path}.{key}".lstrip("."))


def _rule_problem(rule: Schema, value: Any, path: str) -> Iterator[str]:
    try:
        holds = _program(rule["rule"]).evaluate({"self": json_to_cel(value)})
    except Exception as error:  # celpy raises the errors of its functions: each is a problem
        yield f"{path}: cannot evaluate {rule['rule']!r}: {error!r}"
        return
    if not isinstance(holds, celtypes.BoolType):
        yield f"{path}: {rule['rule']!r} gives {holds!r}, not true or false"
    elif not holds:
        yield f"{path}: {rule.get('message', rule['rule'])}"


@functools.cache
def _program(rule: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(rule))


def _is_base64(value: object) -> bool:
    if isinstance(value, str):
        base64.b64decode(value, validate=True)
    return True


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        datetime.fromisoformat(value)
    return True


def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def _is_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


_FORMATS = jsonschema.FormatChecker(formats=())
_FORMATS.checkers |= {
    "byte": (_is_base64, binascii.Error),
    "date-time": (_is_time, ValueError),
    "int32": (_is_int32, ()),
    "int64": (_is_int64, ()),
}
