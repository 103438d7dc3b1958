"""Writes Pulumi's program: `python -m evalctl.benchmarks.peers.pulumi_program RENDERED FILE`, with Pulumi's packages.

The program has a call for each resource and object, in the form of Pulumi's own documentation: arguments
by keyword, nested values as dictionaries, another resource's attribute as an attribute. It prints how
many resources its mocks made, in place of Pulumi's engine. This module prints as JSON what has no equal in
Pulumi.
"""

import collections.abc
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from evalctl.benchmarks.peers.declared import (
    KubernetesObject,
    Reference,
    Resource,
    objects,
    reference,
    resources,
)

_HEAD = """
import pulumi
import pulumi_aws
import pulumi_kubernetes


class Mocks(pulumi.runtime.Mocks):
    made = 0

    def new_resource(self, args):
        Mocks.made += 1
        return f"{args.name}-id", {"arn": f"arn:aws:{args.name}", **args.inputs}

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Mocks(), preview=False)


@pulumi.runtime.test
def program():
"""
_TAIL = """

program()
print(Mocks.made)
"""
# Pulumi's module, where it is neither a word of Terraform's name nor `ec2`.
_MODULES = {"db": "rds"}
# A resource of about the same size, for what is not AWS'.
_SIMILAR = {"terraform_data": "ssm.Parameter"}
_API_GROUPS = {"": "core", "rbac.authorization.k8s.io": "rbac"}


class Program:
    """The lines of the program, and what it leaves out or replaces."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.variables: dict[tuple[str, str, str], tuple[str, type]] = {}
        self.left_out: Counter[str] = Counter()

    def add_resource(self, each: Resource) -> None:
        name, class_ = _class_of(each.type)
        properties = each.properties
        if each.type in _SIMILAR:
            self.left_out[f"{each.type} is {name}"] += 1
            properties = {"type": "String", "value": json.dumps(properties)}
        arguments = self._fitted(properties, _arguments_of(class_))
        assert isinstance(arguments, dict)
        variable = f"resource_{len(self.variables)}"
        written = "".join(
            f", {key}={self._text(each.stack, value)}" for key, value in arguments.items()
        )
        self.lines.append(f"{variable} = pulumi_aws.{name}({each.id!r}{written})")
        self.variables[each.stack, each.type, each.name] = variable, class_

    def _fitted(self, value: object, type_: Any) -> object:
        """The value in the form of Pulumi's type: a block that cannot be repeated is no list there."""
        types = importlib.import_module("pulumi._types")
        type_ = types.unwrap_type(type_)
        if get_origin(type_) is collections.abc.Sequence:
            (part,) = get_args(type_)
            return [
                self._fitted(each, part) for each in (value if isinstance(value, list) else [value])
            ]
        if not (isinstance(type_, type) and types.is_input_type(type_)):
            return value
        if isinstance(value, list):
            (value,) = value
        assert isinstance(value, dict)
        names = types.input_type_py_to_pulumi_names(type_)
        fitted = {}
        for key, part in value.items():
            # A block that can be repeated has a plural there.
            found = next((name for name in (key, f"{key}s", f"{key[:-1]}ies") if name in names), "")
            if found:
                fitted[found] = self._fitted(part, types.input_type_types(type_)[names[found]])
            else:
                self.left_out[f"{type_.__name__} has no {key}"] += 1
        return fitted

    def _text(self, stack: str, value: object) -> str:
        match value:
            case dict():
                parts = (f"{key!r}: {self._text(stack, part)}" for key, part in value.items())
                return f"{{{', '.join(parts)}}}"
            case list():
                return f"[{', '.join(self._text(stack, part) for part in value)}]"
        to = reference(value)
        return self._attribute(stack, to) or repr(value) if to else repr(value)

    def _attribute(self, stack: str, to: Reference) -> str | None:
        variable, class_ = self.variables.get((stack, to.type, to.name), ("", object))
        known = variable and isinstance(getattr(class_, to.attribute, None), property)
        return f"{variable}.{to.attribute}" if known else None

    def add_object(self, each: KubernetesObject) -> None:
        manifest = dict(each.manifest)
        version, kind = str(manifest.pop("apiVersion")), str(manifest.pop("kind"))
        group, _, last = version.rpartition("/")
        module = f"{_API_GROUPS.get(group, group.partition('.')[0])}.{last}"
        arguments: dict[str, object] = {}
        try:
            getattr(importlib.import_module(f"pulumi_kubernetes.{module}"), kind)
            class_ = f"{module}.{kind}"
        except (ImportError, AttributeError):
            class_ = "apiextensions.CustomResource"
            arguments = {"api_version": version, "kind": kind}
        arguments |= {
            re.sub("[A-Z]", lambda big: f"_{big[0].lower()}", key): value
            for key, value in manifest.items()
        }
        written = "".join(f", {key}={value!r}" for key, value in arguments.items())
        self.lines.append(f"pulumi_kubernetes.{class_}({each.id!r}{written})")


@cache
def _class_of(type_: str) -> tuple[str, type]:
    """Pulumi's class of Terraform's type, as in `ec2.Subnet`; Pulumi builds its names of Terraform's."""
    if type_ in _SIMILAR:
        module, _, name = _SIMILAR[type_].partition(".")
        return _SIMILAR[type_], getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
    words = type_.removeprefix("aws_").split("_")
    for module, rest in (
        (_MODULES.get(words[0], words[0]), words[1:]),
        (words[0], words[2:]),  # aws_autoscaling_group_tag is autoscaling.Tag
        ("ec2", words),
        (words[0], words),
    ):
        for name, class_ in _classes(module).items():
            if name.lower() == "".join(rest):
                return f"{module}.{name}", class_
    raise LookupError(f"Pulumi has no class for {type_}; name it in _MODULES or _SIMILAR")


def _arguments_of(class_: type) -> type:
    """The type of the class' arguments, the first name that its module exports."""
    module = importlib.import_module(class_.__module__)
    arguments = getattr(module, module.__all__[0])
    assert isinstance(arguments, type)
    return arguments


@cache
def _classes(module: str) -> dict[str, type]:
    resource = importlib.import_module("pulumi").CustomResource
    package = importlib.import_module("pulumi_aws")
    if module not in {each.name for each in pkgutil.iter_modules(package.__path__)}:
        return {}
    loaded = importlib.import_module(f"pulumi_aws.{module}")
    hasattr(loaded, "outputs")  # it loads its classes when the first attribute is read
    members = inspect.getmembers(loaded, inspect.isclass)
    return {name: value for name, value in members if issubclass(value, resource)}


def main(rendered: Path, file: Path) -> int:
    program = Program()
    for resource in resources(rendered):
        program.add_resource(resource)
    for each in objects(rendered):
        program.add_object(each)
    body = "".join(f"    {line}\n" for line in program.lines)
    file.write_text(_HEAD.lstrip() + body + _TAIL, encoding="utf-8")
    print(json.dumps(program.left_out))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
