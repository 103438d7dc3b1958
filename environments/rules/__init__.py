"""What makes an environment's values sound; every broken rule is told, with what to do about it.

A module for each section of an environment; `across` holds what must be so between environments.
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
    problems = [
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
    return [problem for section in _SECTIONS for problem in section.problems(env)]
