"""The rules for an environment's values; every broken rule is reported, with what to do about it.

There is a module for each section of an environment; `across` compares environments. `types` comes
first, because the other rules cannot read a value of the wrong type.
"""

from collections.abc import Iterable

from environments.rules import (
    across,
    bounds,
    capacity,
    cluster,
    delivery,
    identity,
    lengths,
    monitoring,
    network,
    objectives,
    previews,
    retention,
    stores,
    text,
    types,
    versions,
    workloads,
)
from environments.spec import Environment

_SECTIONS = (
    identity,
    network,
    cluster,
    versions,
    delivery,
    stores,
    retention,
    monitoring,
    workloads,
    objectives,
    previews,
    lengths,
    capacity,
    bounds,
    text,
)


class InvalidEnvironmentError(ValueError):
    """An environment breaks a rule; the message lists every broken rule."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def require_valid(environments: Iterable[Environment]) -> None:
    """Refuse values that break a rule.

    Raises:
        InvalidEnvironmentError: with every broken rule of every environment.
    """
    if found := problems(environments):
        raise InvalidEnvironmentError(found)


def problems(environments: Iterable[Environment]) -> list[str]:
    """Each broken rule as `<environment>: <field>: <what is wrong>; <what to do>`."""
    environments = tuple(environments)
    return list(types.problems(environments)) or [
        *(
            f"{env.name or '(unnamed)'}: {problem}"
            for env in environments
            for problem in _problems_of_sections(env)
        ),
        *across.problems(environments),
    ]


def problems_of(env: Environment) -> list[str]:
    """Each broken rule as `<field>: <what is wrong>; <what to do>`."""
    return list(types.problems_of(env)) or _problems_of_sections(env)


def _problems_of_sections(env: Environment) -> list[str]:
    return [problem for section in _SECTIONS for problem in section.problems(env)]
