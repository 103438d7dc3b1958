"""Values whose type is not their field's: Python accepts them, and the other rules would fail on them.

The check is written here, because reading an environment needs the standard library only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

from environments.spec import Environment

_SCALARS = {str: "a string", int: "an int", float: "a float", bool: "True or False"}


def problems(environments: object) -> Iterator[str]:
    """Each as `<environment>: <field>: …`, for everything that `registry.ENVIRONMENTS` lists."""
    if not isinstance(environments, tuple):
        yield from _mismatches("ENVIRONMENTS", environments, tuple[Environment, ...])
        return
    for index, env in enumerate(environments):
        if isinstance(env, Environment):
            yield from (f"{env.name or '(unnamed)'}: {problem}" for problem in problems_of(env))
        else:
            yield from _mismatches(f"ENVIRONMENTS[{index}]", env, Environment)


def problems_of(env: Environment) -> Iterator[str]:
    """Each as `<field>: <what the value is>; <what to write>`."""
    return _mismatches("", env, Environment)


def _mismatches(field: str, value: object, kind: object) -> Iterator[str]:
    """What does not match the annotation, in the value and in everything inside it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType and arguments[1:] == (NoneType,):
        if value is not None:
            yield from _mismatches(field, value, arguments[0])
    elif origin is tuple and arguments[1:] == (Ellipsis,):
        yield from _in_tuple(field, value, arguments[0])
    elif origin is Mapping and issubclass(arguments[0], Enum):
        yield from _in_mapping(field, value, *arguments)
    elif isinstance(kind, type) and is_dataclass(kind):
        if type(value) is not kind:
            yield f"{field}: {_what(value)}; write {kind.__name__}(...)"
            return
        for name, inner in _fields(kind).items():
            yield from _mismatches(f"{field}.{name}".removeprefix("."), getattr(value, name), inner)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if type(value) is not kind:
            yield f"{field}: {_what(value)}; write {_member(value, kind)}"
    elif isinstance(kind, type) and kind in _SCALARS:
        if type(value) is not kind and (kind, type(value)) != (float, int):
            yield f"{field}: {_what(value)}; write {_scalar(value, kind)}"
    else:
        raise NotImplementedError(f"{field}: environments/rules/types.py cannot check a {kind}")


@cache  # typing reads a class's annotations anew in each call
def _fields(kind: type) -> dict[str, object]:
    return get_type_hints(kind)


def _in_tuple(field: str, value: object, kind: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _mismatches(f"{field}[{index}]", item, kind)
    elif any(_mismatches(field, value, kind)):
        yield f"{field}: {_what(value)}; write a tuple, in round brackets, () for none"
    else:
        yield f"{field}: {_what(value)}; a tuple of one needs a comma, ({_literal(value)},)"


def _in_mapping(field: str, value: object, keys: type[Enum], kind: object) -> Iterator[str]:
    """A mapping has every member of the enum as a key, and no other key."""
    if not isinstance(value, Mapping):
        yield f"{field}: {_what(value)}; write a mapping with every {keys.__name__} as a key"
        return
    for key in keys:
        if key not in value:
            yield f"{field}: {keys.__name__}.{key.name} is missing; add it"
    for key, item in value.items():
        if type(key) is keys:
            yield from _mismatches(f"{field}[{keys.__name__}.{key.name}]", item, kind)
        else:
            yield f"{field}: the key {_what(key)}; write {_member(key, keys)}"


def _what(value: object) -> str:
    """The value and its type, in words for people who do not write Python."""
    if value is None:
        return "None is not allowed"
    name = "string" if type(value) is str else type(value).__name__
    shown = f"{value!r} is " if type(value) in _SCALARS else ""
    return f"{shown}{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _scalar(value: object, kind: type) -> str:
    """The type to write, with the value in that type if only one is possible."""
    if kind is str:
        return f'a string, "{value}"' if type(value) is int else "a string, in quotes"
    if kind is not bool and isinstance(value, str | float):
        try:
            number = kind(value)
        except (ValueError, OverflowError):
            return _SCALARS[kind]
        if number == float(value):
            return f"{_SCALARS[kind]}, {number}"
    return _SCALARS[kind]


def _member(value: object, kind: type[Enum]) -> str:
    """The member of that name or value, or all members if none has it."""
    text = str(value).casefold()
    matching = [m for m in kind if text in (m.name.casefold(), str(m.value).casefold())]
    return " or ".join(f"{kind.__name__}.{member.name}" for member in matching or kind)


def _literal(value: object) -> str:
    if type(value) is str:
        return f'"{value}"'
    return repr(value) if type(value) in _SCALARS else f"{type(value).__name__}(...)"
