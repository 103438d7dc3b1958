"""Values of another type than their field's: Python takes them, and the other rules fail at them.

A walk of our own, because reading an environment needs the standard library only.
"""

from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

from environments.spec import Environment

_SCALARS = {str: "a string", int: "an int", float: "a float", bool: "True or False"}


def problems(environments: object) -> Iterator[str]:
    """Of everything that `registry.ENVIRONMENTS` lists, as `<environment>: <field>: …`."""
    if not isinstance(environments, tuple):
        yield from _misfits("ENVIRONMENTS", environments, tuple[Environment, ...])
        return
    for index, env in enumerate(environments):
        if isinstance(env, Environment):
            yield from (f"{env.name or '(unnamed)'}: {problem}" for problem in problems_of(env))
        else:
            yield from _misfits(f"ENVIRONMENTS[{index}]", env, Environment)


def problems_of(env: Environment) -> Iterator[str]:
    """Each as `<field>: <what it is>; <what to write>`."""
    return _misfits("", env, Environment)


def _misfits(field: str, value: object, kind: object) -> Iterator[str]:
    """What does not fit the annotation, in the value and in all that it holds."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType and arguments[1:] == (NoneType,):
        if value is not None:
            yield from _misfits(field, value, arguments[0])
    elif origin is tuple and arguments[1:] == (Ellipsis,):
        yield from _tuple_misfits(field, value, arguments[0])
    elif isinstance(kind, type) and is_dataclass(kind):
        if type(value) is not kind:
            yield f"{field}: {_what(value)}; write {kind.__name__}(...)"
            return
        for name, inner in get_type_hints(kind).items():
            yield from _misfits(f"{field}.{name}".removeprefix("."), getattr(value, name), inner)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if type(value) is not kind:
            yield f"{field}: {_what(value)}; write {_member(value, kind)}"
    elif isinstance(kind, type) and kind in _SCALARS:
        if type(value) is not kind and (kind, type(value)) != (float, int):
            yield f"{field}: {_what(value)}; write {_scalar(value, kind)}"
    else:
        raise NotImplementedError(f"{field}: nothing here checks a {kind}")


def _tuple_misfits(field: str, value: object, kind: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _misfits(f"{field}[{index}]", item, kind)
    elif any(_misfits(field, value, kind)):
        yield f"{field}: {_what(value)}; write a tuple, in round brackets, () for none"
    else:
        yield f"{field}: {_what(value)}; a tuple of one needs a comma, ({_literal(value)},)"


def _what(value: object) -> str:
    """What was written, in Python's words for people who do not know them."""
    if value is None:
        return "None is not allowed"
    name = "string" if type(value) is str else type(value).__name__
    shown = f"{value!r} is " if type(value) in _SCALARS else ""
    return f"{shown}{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _scalar(value: object, kind: type) -> str:
    """The type to write, and the value in it where there is no doubt."""
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
    """The member that was meant, or all of them."""
    text = str(value).casefold()
    meant = [m for m in kind if text in (m.name.casefold(), str(m.value).casefold())]
    return " or ".join(f"{kind.__name__}.{member.name}" for member in meant or kind)


def _literal(value: object) -> str:
    if type(value) is str:
        return f'"{value}"'
    return repr(value) if type(value) in _SCALARS else f"{type(value).__name__}(...)"
