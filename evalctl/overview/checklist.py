"""What `evalctl checklist` checks, and what is waived; the results are of the day on which it runs."""

from collections.abc import Iterator

from environments.spec import Environment
from environments.waivers import WAIVERS
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment


def checklist(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """A row for each check of go-live; the wiring in one line."""
    del rendered
    waivers = {each.check: each for each in WAIVERS if each.environment == env.name}
    yield (
        f"`evalctl checklist {env.name}` prints today's results with their evidence. "
        "[docs/go-live.md](../../docs/go-live.md) describes each check."
    )
    yield ""
    yield from table(
        ("check", "", "waived"),
        (
            (
                f"`{check.name}`",
                check.title + (f" ({check.brief})" if check.brief else ""),
                f"until {waivers[check.name].until} by {waivers[check.name].owner}: {waivers[check.name].reason}"
                if check.name in waivers
                else "",
            )
            for check in GO_LIVE
        ),
    )
    yield ""
    yield f"{len(WIRING)} more checks compare both ends of each connection between the planes."
