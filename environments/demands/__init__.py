"""What an environment at its largest needs, beside what it has: a rule refuses a value that needs more.

`evalctl capacity` prints the demands as a table. A value that another rule refuses has fewer of them.
"""

from collections.abc import Iterator

from environments.demands import addresses, connections, nodes, provider_limits
from environments.demands.demand import Demand
from environments.spec import Environment


def demands(env: Environment) -> Iterator[Demand]:
    for part in (nodes, addresses, connections, provider_limits):
        yield from part.demands(env)
