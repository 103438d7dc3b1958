"""Reads YAML as Kubernetes does."""

import re
from typing import Any

import yaml

_LIMIT = 100  # levels; what is rendered has a fifth of them
_BRACKETS = re.compile(r"[\[\]{}]")
_COMPACT = re.compile(rf"(?:[-?:] +){{{_LIMIT}}}")  # lists in lists on one line
# A pattern that starts with a character is found faster than one that starts with alternatives.
_ALIAS = re.compile(r"\*(?<![^\s\[{,]\*)\w")


class _Loader(yaml.CSafeLoader):
    """A bare `=` is a string."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.construct_yaml_str
    }


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of a file; empty documents are left out."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if document]


class NotRenderedError(yaml.MarkedYAMLError):
    """YAML that a render does not write."""


class _StrictLoader(_Loader):
    """A key that is there twice is an error: programs differ in which one they take."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            seen: set[object] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise NotRenderedError(
                        problem=f"the key {key.value} is here twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return mapping


def rendered_documents(text: str) -> list[dict[str, Any]]:
    """The same of a text that only a render writes.

    Raises:
        yaml.YAMLError: it is no YAML.
        NotRenderedError: it has a key twice, an alias, or deep nesting.
    """
    if is_deep(text) or _ALIAS.search(text):
        _refuse(text)
    return [document for document in yaml.load_all(text, Loader=_StrictLoader) if document]


def is_deep(text: str) -> bool:
    """Whether YAML or JSON may nest so deep that a reader of it fails; brackets in texts count too."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        if depth > _LIMIT:
            return True
    long_lines = (line for line in text.splitlines() if len(line) >= 2 * _LIMIT)
    return any(map(_COMPACT.search, long_lines))


def _refuse(text: str) -> None:
    """Raise for an alias and for deep nesting, without a recursion as deep."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            problem = f"*{event.anchor} is an alias, with which a document may be one that contains itself"
            mark = event.start_mark
            raise NotRenderedError(problem=problem, problem_mark=mark)  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _LIMIT:
            problem = f"this nests more than {_LIMIT} levels"
            mark = event.start_mark
            raise NotRenderedError(problem=problem, problem_mark=mark)  # type: ignore[arg-type]
