"""`evalctl docs` writes the generated pages, and removes those that are no longer generated."""

from dataclasses import replace
from pathlib import Path

import pytest

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.registry import ENVIRONMENTS
from evalctl.overview import go_live
from evalctl.rendering import docs, versions_table
from evalctl.rendering.scratch import Scratch
from tests.support.paths import ROOT

CHECKS = go_live.markdown()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that holds only the pages that people write, as they are committed."""
    (tmp_path / "docs").mkdir()
    for page in (docs.UPGRADES, docs.IMAGES, docs.GO_LIVE):
        (tmp_path / page).write_text((ROOT / page).read_text())
    return tmp_path


def test_a_second_run_changes_nothing(root: Path, scratch: Scratch) -> None:
    assert (
        set(docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS))
        >= docs.pages(ENVIRONMENTS).keys()
    )

    assert docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS) == []
    assert [path.name for path in root.rglob(".*")] == []


def test_a_page_that_was_edited_by_hand_is_written_again(root: Path, scratch: Scratch) -> None:
    docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS)
    (root / docs.TELEMETRY).write_text("edited")

    assert docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS) == [docs.TELEMETRY]


def test_the_runbook_of_a_deleted_board_is_removed(root: Path, scratch: Scratch) -> None:
    docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS)
    old = root / "docs/runbooks/old-board.md"
    old.write_text("# Old")

    assert docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS) == [
        "docs/runbooks/old-board.md"
    ]
    assert not old.exists()


def test_an_update_of_an_add_on_reaches_the_table_and_nothing_around_it(
    root: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS)
    before = (root / docs.UPGRADES).read_text()
    minor = DEV.cluster.kubernetes_version
    old = EKS_VERSIONS[minor].coredns
    monkeypatch.setitem(
        EKS_VERSIONS, minor, replace(EKS_VERSIONS[minor], coredns="v9.9.9-eksbuild.9")
    )

    assert docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS) == [docs.UPGRADES]

    assert (root / docs.UPGRADES).read_text() == before.replace(old, "v9.9.9-eksbuild.9")


def test_an_upgrade_of_an_environment_reaches_the_table(root: Path, scratch: Scratch) -> None:
    docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS)
    newest = list(EKS_VERSIONS)[-1]
    upgraded = [
        replace(env, cluster=replace(env.cluster, kubernetes_version=newest))
        for env in ENVIRONMENTS
    ]

    assert docs.UPGRADES in docs.write(upgraded, root=root, scratch=scratch, checks=CHECKS)

    page = (root / docs.UPGRADES).read_text()
    assert versions_table.markdown(upgraded) in page
    assert page.endswith((ROOT / docs.UPGRADES).read_text()[-3000:])


@pytest.mark.parametrize(
    ("path", "marker"),
    [
        (docs.UPGRADES, "<!-- evalctl versions -->"),
        (docs.UPGRADES, "<!-- end -->"),
        (docs.IMAGES, "<!-- the queue's access rules -->"),
    ],
)
def test_a_page_without_a_place_for_a_part_is_reported_and_nothing_is_written(
    root: Path, scratch: Scratch, path: str, marker: str
) -> None:
    page = root / path
    page.write_text(page.read_text().replace(marker, ""))

    with pytest.raises(docs.NoPlaceError, match=marker):
        docs.write(ENVIRONMENTS, root=root, scratch=scratch, checks=CHECKS)

    assert sorted(file.name for file in (root / "docs").iterdir()) == [
        "go-live.md",
        "images.md",
        "upgrades.md",
    ]
