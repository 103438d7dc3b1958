"""The page about upgrades shows the catalog's versions."""

from environments.catalog import EKS_VERSIONS
from environments.registry import ENVIRONMENTS
from evalctl.rendering import versions_table
from tests.support.paths import ROOT


def test_the_page_shows_what_the_command_prints() -> None:
    page = (ROOT / "docs" / "upgrades.md").read_text()
    shown = page.partition("<!-- evalctl versions -->\n")[2].partition("\n\n<!-- end -->")[0]
    assert shown == versions_table.markdown(ENVIRONMENTS), "run `make render`"


def test_each_minor_has_a_column_with_its_environments_and_every_version() -> None:
    table = versions_table.markdown(ENVIRONMENTS)
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {1 + len(EKS_VERSIONS)}
    for version in EKS_VERSIONS.values():
        for value in vars(version).values():
            assert str(value) in table
    for env in ENVIRONMENTS:
        assert env.name in table
