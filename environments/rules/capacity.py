"""Whether nodes, addresses, connections and the providers' limits suffice for the environment at its largest."""

from collections.abc import Iterator

from environments.demands import demands
from environments.rules import bounds
from environments.spec import Environment


def problems(env: Environment) -> Iterator[str]:
    if any(bounds.problems(env)):  # it would take long to place so many pods
        return
    for demand in demands(env):
        if not demand.is_met and not demand.tolerated:
            yield demand.problem
