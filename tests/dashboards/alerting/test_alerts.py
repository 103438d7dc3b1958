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
SUCCESS = "SUCCESS"


@pytest.fixture(scope="module")
def judged() -> list[Manifest]:
    """Production's rules with the limits of the cases."""
    return build(JUDGED)


def promtool(*files: Path) -> dict[Path, str]:
    """What promtool prints about each of these unit tests."""
    command = [program("promtool", get_it=GET_PROMTOOL), "test", "rules", *map(str, files)]
    printed = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    ).stdout
    parts = printed.split("Unit Testing:  ")[1:]
    found = {Path(file): result.strip() for file, _, result in (p.partition("\n") for p in parts)}
    assert found.keys() == {*files}, printed
    return found


def unit_test_file(case: Case, rules: list[Manifest], folder: Path) -> Path:
    """The case's unit test, with its rules beside it."""
    test = unit_test(
        case,
        alert_rule(rules, case.alert),
        rules=str(rule_file(rules, folder, only=case.alert)),
        order=[group["name"] for group in groups(rules)],
    )
    return written(test, folder)


def written(test: Mapping[str, object], folder: Path) -> Path:
    file = folder / "test.yaml"
    file.write_text(yaml.dump(dict(test), Dumper=yaml.CSafeDumper))
    return file


@pytest.fixture(scope="module")
def results(judged: list[Manifest], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What promtool prints about each case; it tests all in one run."""
    files = [unit_test_file(case, judged, tmp_path_factory.mktemp("case")) for case in CASES]
    found = promtool(*files)
    return [found[file] for file in files]


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


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].alert)
def test_the_alert_fires_when_it_should_and_not_before(number: int, results: list[str]) -> None:
    assert results[number] == SUCCESS


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

    file = written(test, tmp_path)

    assert promtool(file) == {file: SUCCESS}


def test_a_case_that_fires_too_early_fails(judged: list[Manifest], tmp_path: Path) -> None:
    """Checks the harness: if a case crosses its line in the good phase, its test fails."""
    case = next(case for case in CASES if case.alert == "QueueBacklog")
    too_high = Case(
        alert=case.alert,
        series={series: type(values)(2_000, 2_000, 0) for series, values in case.series.items()},
        summary="2k jobs are pending",
    )
    file = unit_test_file(too_high, judged, tmp_path)

    assert promtool(file)[file].startswith("FAILED")
