"""`evalctl docs` writes the pages that are made from the values, and clears up after itself."""

from pathlib import Path

from environments.registry import ENVIRONMENTS
from evalctl import docs


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    assert set(docs.write(ENVIRONMENTS, root=tmp_path)) == docs.pages(ENVIRONMENTS).keys()

    assert docs.write(ENVIRONMENTS, root=tmp_path) == []


def test_a_page_that_somebody_edited_is_written_anew(tmp_path: Path) -> None:
    docs.write(ENVIRONMENTS, root=tmp_path)
    (tmp_path / docs.TELEMETRY).write_text("edited")

    assert docs.write(ENVIRONMENTS, root=tmp_path) == [docs.TELEMETRY]


def test_the_runbook_of_a_board_that_is_gone_disappears(tmp_path: Path) -> None:
    docs.write(ENVIRONMENTS, root=tmp_path)
    old = tmp_path / "docs/runbooks/old-board.md"
    old.write_text("# Old")

    assert docs.write(ENVIRONMENTS, root=tmp_path) == ["docs/runbooks/old-board.md"]
    assert not old.exists()
