"""The pages below `docs/` that are made from the values, so that they say what is deployed."""

from collections.abc import Sequence
from pathlib import Path

from dashboards.boards import boards
from dashboards.recording_rules import recording_rules
from dashboards.runbook_address import RUNBOOKS
from dashboards.runbooks import runbook_pages
from dashboards.telemetry_page import telemetry_page
from environments.spec import Environment
from environments.telemetry import METRICS, TABLES

TELEMETRY = "docs/telemetry.md"


def pages(environments: Sequence[Environment]) -> dict[str, str]:
    """Path below the repository's root → Markdown."""
    runbooks = runbook_pages({env.name: boards(env) for env in environments})
    return {
        **{f"{RUNBOOKS}/{name}.md": text for name, text in runbooks.items()},
        TELEMETRY: telemetry_page(metrics=METRICS, tables=TABLES, recorded=recording_rules()),
    }


def write(environments: Sequence[Environment], *, root: Path) -> list[str]:
    """Write them; runbooks of boards that are gone disappear. Returns what changed."""
    fresh = pages(environments)
    gone = {str(path.relative_to(root)) for path in (root / RUNBOOKS).glob("*.md")} - fresh.keys()
    changed = sorted(gone)
    for path in gone:
        (root / path).unlink()
    for path, text in fresh.items():
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
