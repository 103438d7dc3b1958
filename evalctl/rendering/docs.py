"""Writes what is generated below `docs/`, so that it matches what is deployed: whole pages and a table."""

from collections.abc import Sequence
from pathlib import Path

from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.pages.runbook_address import RUNBOOKS
from dashboards.pages.runbooks import runbook_pages
from dashboards.pages.telemetry_page import telemetry_page
from environments.spec import Environment
from evalctl.rendering import tree, versions_table
from telemetry.contract import METRICS, TABLES

TELEMETRY = "docs/telemetry.md"
UPGRADES = "docs/upgrades.md"  # written by hand, except what is between these two lines
_START, _END = "<!-- evalctl versions -->\n", "\n\n<!-- end -->"


class NoPlaceError(Exception):
    """A page written by hand lacks the two lines between which the table is written."""


def pages(environments: Sequence[Environment]) -> dict[str, str]:
    """Path below the repository's root → Markdown, of the pages that are generated as a whole."""
    runbooks = runbook_pages({env.name: boards(env) for env in environments})
    return {
        **{f"{RUNBOOKS}/{name}.md": text for name, text in runbooks.items()},
        TELEMETRY: telemetry_page(metrics=METRICS, tables=TABLES, recorded=recording_rules()),
    }


def write(environments: Sequence[Environment], *, root: Path) -> list[str]:
    """Write the pages and the table, and remove runbooks of boards that no longer exist.

    Returns the paths that changed.

    Raises:
        NoPlaceError: the table has no place; nothing was written.
    """
    fresh = pages(environments)
    fresh[UPGRADES] = _with_table((root / UPGRADES).read_text(encoding="utf-8"), environments)
    gone = {str(path.relative_to(root)) for path in (root / RUNBOOKS).glob("*.md")} - fresh.keys()
    changed = sorted(gone)
    for path in gone:
        (root / path).unlink()
    for path, text in fresh.items():
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            tree.write(file, text)
            changed.append(path)
    return changed


def _with_table(page: str, environments: Sequence[Environment]) -> str:
    before, started, rest = page.partition(_START)
    _, ended, after = rest.partition(_END)
    if not (started and ended):
        raise NoPlaceError(
            f"{UPGRADES} has no place for the table of versions; nothing was written. Put the lines "
            f"`{_START.strip()}` and `{_END.strip()}` where it belongs, with an empty line before the second."
        )
    return f"{before}{_START}{versions_table.markdown(environments)}{_END}{after}"
