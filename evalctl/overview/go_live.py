"""The checks and what each rests on, for docs/go-live.md."""

from evalctl.checks.check import Check
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.overview.markdown import table


def markdown() -> str:
    """A table of the checks of go-live, and one of the wiring."""
    return "\n\n".join(
        f"### {title}\n\n{chr(10).join(table(('check', 'passes if', 'rests on'), _rows(checks)))}"
        for title, checks in (("Go-live", GO_LIVE), ("Wiring", WIRING))
    )


def _rows(checks: tuple[Check, ...]) -> list[tuple[str, str, str]]:
    return [
        (
            f"`{check.name}`",
            f"{check.title} ({check.brief})" if check.brief else check.title,
            check.rests_on,
        )
        for check in checks
    ]
