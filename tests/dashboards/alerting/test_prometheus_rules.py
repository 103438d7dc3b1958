"""Rules that Prometheus loads, alerts that can be routed and acted on, and one dead man's switch."""

import dataclasses
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dashboards.alerting.prometheus_rules import DEAD_MANS_SWITCH, board_alerts
from dashboards.boards import boards
from dashboards.observable import Owner, Severity
from environments.names import MONITORING_NAMESPACE, Addon, Names
from environments.registry import ENVIRONMENTS
from tests.dashboards.alerting.rules import alert_rules, groups, rule_file
from tests.dashboards.alerting.test_alerts import GET_PROMTOOL
from tests.support.crds import needs_crds, validate_custom_resource
from tests.support.manifests import Manifest, all_of, one
from tests.support.paths import ROOT
from tests.support.tools import program

Observation = dict[str, list[Manifest]]
EACH_NAME = pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])


@EACH_NAME
def test_prometheus_accepts_every_rule(name: str, observation: Observation, tmp_path: Path) -> None:
    promtool = program("promtool", get_it=GET_PROMTOOL)
    file = rule_file(observation[name], tmp_path)

    result = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    count = sum(len(group["rules"]) for group in groups(observation[name]))
    assert f"SUCCESS: {count} rules found" in result.stdout
    assert count > 30


@needs_crds
@EACH_NAME
def test_every_object_is_valid_for_its_definition(name: str, observation: Observation) -> None:
    custom = [m for m in observation[name] if m["kind"] != "ConfigMap"]

    assert {m["metadata"]["name"]: p for m in custom if (p := validate_custom_resource(m))} == {}


@EACH_NAME
def test_every_object_is_in_the_monitoring_namespace(name: str, observation: Observation) -> None:
    assert {m["metadata"]["namespace"] for m in observation[name]} == {MONITORING_NAMESPACE}


@EACH_NAME
def test_every_board_with_alerts_has_an_object_of_its_own(
    name: str, observation: Observation
) -> None:
    (env,) = (env for env in ENVIRONMENTS if env.name == name)
    own = {"recording-rules", "dead-mans-switch"}

    names = {rule["metadata"]["name"] for rule in all_of(observation[name], "PrometheusRule")}

    assert names - own == {board.uid for board in boards(env)}
    assert own <= names


@EACH_NAME
def test_every_alert_can_be_routed_and_acted_on(name: str, observation: Observation) -> None:
    for rule in alert_rules(observation[name]):
        if rule["alert"] == DEAD_MANS_SWITCH:
            continue
        assert rule["labels"]["owner"] in set(Owner), rule["alert"]
        assert rule["labels"]["severity"] in set(Severity), rule["alert"]
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert all(rule["annotations"].values()), rule["alert"]
        assert "\n" not in rule["annotations"]["summary"], rule["alert"]


@EACH_NAME
def test_every_runbook_link_leads_to_an_entry_in_this_repository(
    name: str, observation: Observation, names: dict[str, Names]
) -> None:
    branch = names[name].env.repository.revision
    for rule in alert_rules(observation[name]):
        if rule["alert"] == DEAD_MANS_SWITCH:
            continue
        address = urlsplit(rule["annotations"]["runbook_url"])
        page = ROOT / address.path.split(f"/blob/{branch}/")[1]
        assert page.is_file(), (
            f"{rule['alert']} links to {page}, which is missing; run `make render`"
        )
        assert f'"{address.fragment}"' in page.read_text(), address.geturl()


def test_the_runbook_is_read_on_the_branch_that_argo_cd_follows() -> None:
    (env, *_) = ENVIRONMENTS
    repository = dataclasses.replace(env.repository, owner="o", name="n", revision="release")
    elsewhere = dataclasses.replace(env, repository=repository)

    (_, llm_cost, _) = boards(elsewhere)
    (rule, *_) = board_alerts(llm_cost, names=Names(elsewhere))

    assert "https://github.com/o/n/blob/release/docs/runbooks/llm-cost.md#" in str(rule)


@EACH_NAME
def test_no_two_alerts_have_one_name(name: str, observation: Observation) -> None:
    names = [rule["alert"] for rule in alert_rules(observation[name])]

    assert len(names) == len(set(names))


@EACH_NAME
def test_there_is_one_dead_mans_switch_and_it_is_ours(
    name: str,
    observation: Observation,
    argocd: dict[str, list[Manifest]],
    names: dict[str, Names],
) -> None:
    stack = one(argocd[name], "Application", names[name].application(Addon.PROMETHEUS_STACK))
    values = stack["spec"]["source"]["helm"]["valuesObject"]

    switches = [
        rule for rule in alert_rules(observation[name]) if rule["alert"] == DEAD_MANS_SWITCH
    ]

    assert len(switches) == 1
    assert values["defaultRules"]["disabled"]["Watchdog"] is True


@EACH_NAME
def test_prometheus_loads_rules_that_are_not_its_charts(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    stack = one(argocd[name], "Application", names[name].application(Addon.PROMETHEUS_STACK))
    prometheus = stack["spec"]["source"]["helm"]["valuesObject"]["prometheus"]["prometheusSpec"]

    assert prometheus["ruleSelectorNilUsesHelmValues"] is False
    assert "ruleSelector" not in prometheus
    assert "ruleNamespaceSelector" not in prometheus
