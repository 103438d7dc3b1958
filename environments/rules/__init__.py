"""What makes an environment's values sound; every broken rule is told, with what to do about it.

A module for each section of an environment; `across` holds what must be so between environments.
`types` comes first: where a value is of another type than its field, no other rule can read it.
"""

from collections.abc import Iterable

from environments.rules import (
    across,
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
    types,
    workloads,
)
from environments.spec import Environment

_SECTIONS = (
    identity,
    network,
    cluster,
    delivery,
    stores,
    retention,
    monitoring,
    workloads,
    objectives,
    previews,
    lengths,
)


class InvalidEnvironmentError(ValueError):
    """Some environment breaks a rule; the message lists every broken rule."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def require_sound(environments: Iterable[Environment]) -> None:
    """Refuse values that break a rule.

    Raises:
        InvalidEnvironmentError: with every broken rule of every environment.
    """
    environments = tuple(environments)
    problems = list(types.problems(environments)) or [
        *(
            f"{env.name or '(unnamed)'}: {problem}"
            for env in environments
            for problem in problems_of(env)
        ),
        *across.problems(environments),
    ]
    if problems:
        raise InvalidEnvironmentError(problems)


def problems_of(env: Environment) -> list[str]:
    """Each broken rule as `<field>: <what is wrong>; <what to do>`."""
    return list(types.problems_of(env)) or [
        problem for section in _SECTIONS for problem in section.problems(env)
    ]
