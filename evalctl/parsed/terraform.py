"""The resources of an environment's stacks, and what their references lead to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from environments.names import Stack
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.node import Node, UnusableError

_REFERENCE = re.compile(
    r"(?<![\w.-])(?:data\.terraform_remote_state\.(?P<state>[\w-]+)\.outputs\.(?P<output>[\w-]+)"
    r"|(?P<type>aws_\w+|terraform_data)\.(?P<id>[\w-]+))"
)
_EXPRESSION = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Resource:
    """A resource of a stack."""

    stack: Stack
    type: str
    id: str
    body: Node

    @property
    def address(self) -> str:
        return f"{self.type}.{self.id}"

    def __getitem__(self, name: str) -> Node:
        return self.body[name]


@dataclass(frozen=True)
class Reference:
    """What an expression names, and the resource that it leads to; None if there is none."""

    name: str
    resource: Resource | None


def resources(env: RenderedEnvironment, *types: str) -> Iterator[Resource]:
    """The resources of these types in all stacks; of every type if none is given.

    A stack that cannot be read has none: the check of the files reports it.
    """
    for stack in Stack:
        try:
            declared = env.stack(stack)["resource"]
            for type_ in types or [name for name, _ in declared.entries()]:
                for id_, body in declared[type_].entries():
                    yield Resource(stack, type_, id_, body)
        except UnusableError:
            continue


def references(env: RenderedEnvironment, stack: Stack, text: str) -> Iterator[Reference]:
    """Each reference in a text's expressions, through other stacks' outputs to its resource."""
    for expression in _EXPRESSION.findall(text):
        for match in _REFERENCE.finditer(expression):
            if match["type"]:
                yield Reference(match[0], _resource(env, stack, match["type"], match["id"]))
            else:
                yield Reference(match[0], _output(env, stack, match["state"], match["output"]))


def target(env: RenderedEnvironment, resource: Resource, field: str) -> Resource | None:
    """The resource that a field's first reference leads to."""
    found = references(env, resource.stack, resource[field].text())
    return next((reference.resource for reference in found), None)


def _resource(env: RenderedEnvironment, stack: Stack, type_: str, id_: str) -> Resource | None:
    body = env.stack(stack).at("resource", type_, id_)
    return Resource(stack, type_, id_, body) if body.present else None


def _output(env: RenderedEnvironment, stack: Stack, state: str, output: str) -> Resource | None:
    """The resource behind another stack's output, whose state the key of the remote state names."""
    key = env.stack(stack).at("data", "terraform_remote_state", state, "config", "key")
    other = key.text_or("").removesuffix(".tfstate")
    if other not in list(Stack):
        return None
    value = env.stack(Stack(other)).at("output", output, "value")
    found = references(env, Stack(other), value.text_or(""))
    return next((reference.resource for reference in found), None)
