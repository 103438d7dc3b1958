"""What the environment needs at its largest, beside what it has."""

from collections.abc import Iterator

from environments.demands import demands
from environments.spec import Environment
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment


def capacity(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """A row for each demand."""
    del rendered
    yield (
        f"`evalctl capacity {env.name}` prints the same, with the quotas of an AWS account. "
        "[docs/changes.md](../../docs/changes.md#a-fourth-general-node) has the price of a node with which no pod "
        "waits."
    )
    yield ""
    yield from table(
        ("at the largest", "needs", "has", "counted"),
        (
            (demand.what, f"{demand.needs:,}", f"{demand.has:,}", demand.counted)
            for demand in demands(env)
        ),
    )
