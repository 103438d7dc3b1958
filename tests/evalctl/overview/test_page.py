"""The page of an environment shows what is rendered, and changes with it."""

from dataclasses import replace
from datetime import date

import pytest

from environments.dev import DEV
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from environments.waivers import WAIVERS
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.overview import go_live, page
from tests.support.paths import ROOT


def texts(env: Environment) -> dict[str, str]:
    folder = ROOT / "rendered" / env.name
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.suffix in (".yaml", ".json")
    }


def changed(file: str, old: str, new: str) -> set[str]:
    """The new lines of production's page after a change of one file."""
    before = texts(PROD)
    assert old in before[file]
    after = page.markdown(PROD, before | {file: before[file].replace(old, new)})
    return set(after.splitlines()) - set(page.markdown(PROD, before).splitlines())


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_the_committed_page_is_what_the_files_make(env: Environment) -> None:
    committed = (ROOT / "rendered" / env.name / "README.md").read_text()
    assert page.markdown(env, texts(env)) == committed
    assert page.markdown(env, dict(sorted(texts(env).items(), reverse=True))) == committed


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("terraform/database/cdk.tf.json", "db.m7g.large", "db.m7g.xlarge", "| PostgreSQL | db.m7g.xlarge |"),
        ("k8s/worker/HorizontalPodAutoscaler-worker.yaml", "maxReplicas: 20", "maxReplicas: 30", 'worker["worker: 2 to 30"]'),
        ("k8s/worker/Deployment-worker.yaml", "secretName: redis", "secretName: other", ""),
        ("argocd/Application-ai-eval-platform-prod-metrics-server.yaml", "3.13.1", "3.14.0", "| chart metrics-server | 3.14.0 |"),
        ("terraform/cluster/cdk.tf.json", '"max_size": 10', '"max_size": 12', "workers-spot: 2 to 12 c5.xlarge"),
    ],
)  # fmt: skip
def test_a_change_of_what_is_rendered_changes_the_page(
    file: str, old: str, new: str, line: str
) -> None:
    found = changed(file, old, new)
    assert line == "" or any(line in each for each in found)


def test_a_connection_that_is_gone_leaves_the_architecture() -> None:
    before = texts(PROD)
    file = "k8s/worker/Deployment-worker.yaml"
    without = before | {file: before[file].replace("secretName: redis", "secretName: other")}
    assert "  worker --> queue" in page.markdown(PROD, before).splitlines()
    assert "  worker --> queue" not in page.markdown(PROD, without).splitlines()


def test_the_page_has_dates_and_no_result_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    expired = tuple(replace(each, until=date(2020, 1, 1)) for each in WAIVERS)
    monkeypatch.setattr("evalctl.overview.checklist.WAIVERS", expired)
    shown = page.markdown(DEV, texts(DEV))  # production has no waiver
    assert "until 2020-01-01 by platform-team" in shown


def test_the_page_of_checks_lists_all_checks() -> None:
    committed = (ROOT / "docs/go-live.md").read_text()
    assert go_live.markdown() in committed
    assert all(f"| `{check.name}` | " in committed for check in (*GO_LIVE, *WIRING))
