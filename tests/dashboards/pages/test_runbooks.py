"""The pages in docs/ match the boards and the contract, for every environment."""

from dataclasses import replace

import pytest

from dashboards.alerting.prometheus_rules import DEAD_MANS_SWITCH
from dashboards.boards import boards
from dashboards.observable import Severity, Threshold
from dashboards.pages.runbooks import INDEX, runbook_pages
from environments.registry import ENVIRONMENTS
from evalctl.rendering.docs import TELEMETRY, pages
from telemetry.contract import METRICS, TABLES
from tests.dashboards.alerting.rules import alert_rules
from tests.dashboards.examples import OBSERVABLE, board
from tests.support.manifests import Manifest
from tests.support.paths import ROOT


@pytest.mark.parametrize("path", pages(ENVIRONMENTS))
def test_the_committed_page_matches_its_sources(path: str) -> None:
    file = ROOT / path

    assert file.exists(), f"{path} is missing: run `make render` and commit it"
    assert file.read_text() == pages(ENVIRONMENTS)[path], (
        f"{path} differs from its sources: run `make render` and commit it"
    )


def test_no_runbook_is_left_of_a_board_that_is_gone() -> None:
    committed = {str(path.relative_to(ROOT)) for path in (ROOT / "docs/runbooks").glob("*")}

    assert committed <= pages(ENVIRONMENTS).keys(), "run `make render` and commit docs/runbooks/"


def test_every_alert_links_to_an_entry_that_is_there(
    observation: dict[str, list[Manifest]],
) -> None:
    fresh = pages(ENVIRONMENTS)
    for objects in observation.values():
        for rule in alert_rules(objects):
            if rule["alert"] == DEAD_MANS_SWITCH:
                continue  # it always fires, and only its absence needs action
            url, _, anchor = rule["annotations"]["runbook_url"].partition("#")
            page = "docs/" + url.partition("/docs/")[2]
            assert f'<a id="{anchor}"></a>' in fresh[page], rule["alert"]
            assert f"`{rule['alert']}`" in fresh[page]


def test_an_entry_contains_everything_in_the_board() -> None:
    fresh = pages(ENVIRONMENTS)
    for real in boards(ENVIRONMENTS[0]):
        page = fresh[f"docs/runbooks/{real.uid}.md"]
        for observable in real.observables:
            entry = page.partition(f'<a id="{observable.id}"></a>')[2].partition("<a id=")[0]
            assert f"### {observable.title}" in entry
            assert observable.meaning in entry
            for step in observable.what_to_do:
                assert step in entry
            for threshold in observable.thresholds:
                assert f"| {threshold.severity} " in entry


def test_a_number_that_differs_has_a_column_for_each_environment() -> None:
    limits = {"dev": 10.0, "prod": 1000.0}
    environments = {
        name: [
            board(
                replace(
                    OBSERVABLE,
                    thresholds=(
                        Threshold(value=limit, severity=Severity.CRITICAL, reason="the limit"),
                    ),
                )
            )
        ]
        for name, limit in limits.items()
    }

    page = runbook_pages(environments)["example"]

    assert "| threshold | dev | prod | why there |" in page
    assert "| critical from | 10 | 1,000 | the limit |" in page


def test_environments_with_other_boards_cannot_share_a_runbook() -> None:
    other = board(replace(OBSERVABLE, id="other"))

    with pytest.raises(ValueError, match="Give every environment the same ones"):
        runbook_pages({"dev": [board()], "prod": [other]})


def test_the_index_lists_every_alert() -> None:
    assert (
        "| `JobsWait` | critical | sre | [Jobs waiting](example.md#jobs-waiting) |"
        in (runbook_pages({"dev": [board()]})[INDEX])
    )


def test_the_telemetry_page_has_every_metric_and_every_column() -> None:
    page = pages(ENVIRONMENTS)[TELEMETRY]

    for metric in METRICS:
        assert f"| `{metric.name}` | {metric.type} | {metric.unit} |" in page
    for table in TABLES:
        assert f"### {table.name}" in page
        for column in table.columns:
            assert f"| `{column.name}` | `{column.type}` | {column.meaning} |" in page
