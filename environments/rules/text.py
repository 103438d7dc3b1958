"""Characters that no string of an environment may have, because a program that reads it would act on them."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from environments.spec import Environment

# Terraform reads the first two as a template, and Argo CD, Alertmanager and Helm the third.
_TEMPLATES = ("${", "%{", "{{")


def problems(env: Environment) -> Iterator[str]:
    for field, text in _strings("", env):
        for template in _TEMPLATES:
            if template in text:
                yield f"{field}: {text!r} has {template!r}, which starts a template; remove it"
        if not text.isprintable():
            yield f"{field}: {text!r} has a line break or an invisible character; remove it"


def _strings(field: str, value: object) -> Iterator[tuple[str, str]]:
    if type(value) is str:
        yield field, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _strings(f"{field}[{index}]", item)
    elif is_dataclass(value):
        for inner in fields(value):
            yield from _strings(f"{field}.{inner.name}".lstrip("."), getattr(value, inner.name))
