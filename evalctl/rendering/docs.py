"""Writes what is generated below `docs/`, so that it matches what is deployed: whole pages and parts."""

from collections.abc import Sequence
from pathlib import Path

from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.pages.runbook_address import RUNBOOKS
from dashboards.pages.runbooks import runbook_pages
from dashboards.pages.telemetry_page import telemetry_page
from environments.spec import Environment
from evalctl.rendering import changes, provider_keys, queue_access, versions_table
from evalctl.rendering.changes import Change, text_of
from evalctl.rendering.scratch import Scratch
from telemetry.contract import METRICS, TABLES

TELEMETRY = "docs/telemetry.md"
# Written by hand, except what is between two lines: `<!-- NAME -->` and `<!-- end -->`.
UPGRADES = "docs/upgrades.md"
IMAGES = "docs/images.md"
GO_LIVE = "docs/go-live.md"
_END = "\n\n<!-- end -->"


class NoPlaceError(Exception):
    """A page written by hand lacks the two lines between which a part is written."""


def pages(environments: Sequence[Environment]) -> dict[str, str]:
    """Path below the repository's root → Markdown, of the pages that are generated as a whole."""
    runbooks = runbook_pages({env.name: boards(env) for env in environments})
    return {
        **{f"{RUNBOOKS}/{name}.md": text for name, text in runbooks.items()},
        TELEMETRY: telemetry_page(metrics=METRICS, tables=TABLES, recorded=recording_rules()),
    }


def write(
    environments: Sequence[Environment], *, root: Path, scratch: Scratch, checks: str
) -> list[str]:
    """Write the pages and the parts, and remove runbooks of boards that no longer exist.

    `checks` is the table of all checks, as Markdown.
    Returns the paths that changed.

    Raises:
        NoPlaceError: a part has no place; nothing was written.
    """
    fresh = pages(environments)
    for path, name, text in (
        (UPGRADES, "evalctl versions", versions_table.markdown(environments)),
        (IMAGES, "the providers' keys", provider_keys.markdown()),
        (IMAGES, "the queue's access rules", queue_access.markdown()),
        (GO_LIVE, "the checks", checks),
    ):
        page = fresh.get(path) or (root / path).read_text(encoding="utf-8")
        fresh[path] = _with_part(page, path, name, text)
    gone = {str(path.relative_to(root)) for path in (root / RUNBOOKS).glob("*.md")} - fresh.keys()
    made = [
        *(Change(root / path, text_of(root / path), text) for path, text in fresh.items()),
        *(Change(root / path, text_of(root / path), None) for path in sorted(gone)),
    ]
    changes.apply(made, root=root, scratch=scratch)
    return [str(change.file.relative_to(root)) for change in made if change.old != change.new]


def _with_part(page: str, path: str, name: str, text: str) -> str:
    start = f"<!-- {name} -->\n"
    before, started, rest = page.partition(start)
    _, ended, after = rest.partition(_END)
    if not (started and ended):
        raise NoPlaceError(
            f"{path} has no place for {name}; nothing was written. Put the lines `{start.strip()}` and "
            f"`{_END.strip()}` where it belongs, with an empty line before the second."
        )
    return f"{before}{start}{text}{_END}{after}"
