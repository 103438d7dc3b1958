"""No alert fires just below its line; each fires just above it with its text, and ends."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from dashboards.alerting.prometheus_rules import DEAD_MANS_SWITCH
from dashboards.app import build
from dashboards.boards import boards
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from tests.dashboards.alerting.alert_cases import CASES, JUDGED
from tests.dashboards.alerting.cases import Case, unit_test
from tests.dashboards.alerting.rules import alert_rule, groups, rule_file
from tests.support.manifests import Manifest
from tests.support.tools import program

Observation = dict[str, list[Manifest]]

GET_PROMTOOL = "apt-get install prometheus"


@pytest.fixture(scope="module")
def judged() -> list[Manifest]:
    """Production's rules with the limits of the cases."""
    return build(JUDGED)


def promtool(test: Mapping[str, object], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump(dict(test)))
    command = [program("promtool", get_it=GET_PROMTOOL), "test", "rules", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run(case: Case, rules: list[Manifest], folder: Path) -> subprocess.CompletedProcess[str]:
    test = unit_test(
        case,
        alert_rule(rules, case.alert),
        rules=str(rule_file(rules, folder, only=case.alert)),
        order=[group["name"] for group in groups(rules)],
    )
    return promtool(test, folder)


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_every_alert_of_the_boards_has_a_case(env: Environment) -> None:
    alerts = {
        alert.name
        for board in boards(env)
        for observable in board.observables
        for alert in observable.alerts
    }

    missing = sorted(alerts - {case.alert for case in CASES})

    assert not missing, (
        f"write a case for {', '.join(missing)} in tests/dashboards/alerting/alert_cases.py"
    )
    assert {case.alert for case in CASES} <= alerts, "a case is for an alert that no longer exists"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_the_alert_fires_when_it_should_and_not_before(
    case: Case, judged: list[Manifest], tmp_path: Path
) -> None:
    result = run(case, judged, tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_dead_mans_switch_fires_always(observation: Observation, tmp_path: Path) -> None:
    rule = alert_rule(observation["prod"], DEAD_MANS_SWITCH)
    firing = {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}
    test = {
        "rule_files": [str(rule_file(observation["prod"], tmp_path, only=DEAD_MANS_SWITCH))],
        "evaluation_interval": "1h",
        "tests": [
            {
                "interval": "1h",
                "input_series": [],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": DEAD_MANS_SWITCH, "exp_alerts": [firing]}
                    for at in ("0m", "1d")
                ],
            }
        ],
    }

    result = promtool(test, tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_case_that_fires_too_early_fails(judged: list[Manifest], tmp_path: Path) -> None:
    """Checks the harness: if a case crosses its line in the good phase, its test fails."""
    case = next(case for case in CASES if case.alert == "QueueBacklog")
    too_high = Case(
        alert=case.alert,
        series={series: type(values)(2_000, 2_000, 0) for series, values in case.series.items()},
        summary="2k jobs are pending",
    )
    assert run(too_high, judged, tmp_path).returncode != 0
