"""Alerts reach their owners, each fault is reported once, and no webhook is in Git (B13)."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards.alerting.prometheus_rules import DEAD_MANS_SWITCH
from dashboards.alerting.routes import EXPLANATIONS, HEARTBEAT, slack_receiver
from dashboards.boards import boards
from dashboards.observable import Owner, Severity
from environments.names import ALERTMANAGER_CONFIG, Addon, App, Names
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from tests.dashboards.alerting.alertmanager_files import any_webhooks, external_secret, write
from tests.dashboards.alerting.rules import alert_rules
from tests.support.manifests import Manifest, all_of, one
from tests.support.tools import program

Observation = dict[str, list[Manifest]]
EACH_NAME = pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
GET_AMTOOL = "apt-get install prometheus-alertmanager"


def amtool(*arguments: str) -> str:
    command = [program("amtool", get_it=GET_AMTOOL), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(params=[env.name for env in ENVIRONMENTS])
def configuration(request: pytest.FixtureRequest, observation: Observation, tmp_path: Path) -> Path:
    manifests = observation[request.param]
    return write(manifests, tmp_path / "config", webhooks=any_webhooks(manifests))


def receiver_of(configuration: Path, **labels: str) -> str:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    output = amtool("config", "routes", "test", f"--config.file={configuration}", *pairs)
    return output.strip()


def test_alertmanager_accepts_the_configuration_and_its_templates(configuration: Path) -> None:
    output = amtool("check-config", str(configuration))

    assert "1 templates" in output
    assert "8 receivers" in output


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize("severity", Severity)
def test_each_owner_has_a_channel_for_each_severity(
    owner: Owner, severity: Severity, configuration: Path
) -> None:
    receiver = receiver_of(configuration, alertname="Any", owner=owner, severity=severity)

    assert receiver == f"{owner}-{severity}"
    assert (configuration.parent / receiver).is_file(), "its webhook"


def test_every_alert_has_a_receiver_of_its_own_team(
    configuration: Path, observation: Observation
) -> None:
    for rule in alert_rules(observation["prod"]):
        labels = {"alertname": rule["alert"], **rule["labels"]}
        receiver = receiver_of(configuration, **labels)
        expected = f"{labels['owner']}-{labels['severity']}"
        assert receiver == (HEARTBEAT if rule["alert"] == DEAD_MANS_SWITCH else expected)


def test_an_alert_without_an_owner_goes_to_the_reliability_engineers(configuration: Path) -> None:
    for severity in ("critical", "warning"):
        receiver = receiver_of(configuration, alertname="KubeNodeNotReady", severity=severity)
        assert receiver == f"sre-{severity}"


def test_an_alert_that_matches_no_route_goes_to_the_fallback(configuration: Path) -> None:
    assert receiver_of(configuration, alertname="Odd") == "sre-warning"
    assert receiver_of(configuration, alertname="Odd", severity="page") == "sre-warning"


def test_an_alert_that_only_inhibits_others_is_sent_to_no_channel(configuration: Path) -> None:
    for severity in ("info", "none"):
        receiver = receiver_of(configuration, alertname="InfoInhibitor", severity=severity)
        assert receiver == "nobody"


def test_every_channel_gets_a_message_when_an_alert_ends(configuration: Path) -> None:
    receivers = yaml.safe_load(configuration.read_text())["receivers"]
    channels = [slack for one in receivers for slack in one.get("slack_configs", [])]

    assert len(channels) == len(Owner) * len(Severity)
    assert all(channel["send_resolved"] for channel in channels)


def test_the_dead_mans_switch_is_sent_every_five_minutes(configuration: Path) -> None:
    routes = yaml.safe_load(configuration.read_text())["route"]["routes"]
    (heartbeat,) = (route for route in routes if route["receiver"] == HEARTBEAT)

    assert heartbeat["repeat_interval"] == "5m"


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_every_alert_named_by_an_explanation_exists(env: Environment) -> None:
    alerts = {
        alert.name
        for board in boards(env)
        for observable in board.observables
        for alert in observable.alerts
    }
    for explanation in EXPLANATIONS:
        assert explanation.cause in alerts
        assert set(explanation.consequences) <= alerts
        assert explanation.cause not in explanation.consequences


def test_no_two_alerts_silence_each_other() -> None:
    consequences = {one.cause: set(one.consequences) for one in EXPLANATIONS}
    for cause, silenced in consequences.items():
        for alert in silenced & consequences.keys():
            assert cause not in consequences[alert], f"{cause} and {alert}"


def test_alerts_of_two_severities_are_about_the_whole_observable() -> None:
    """Critical silences warning by the observable alone, so neither may have a label for one of several."""
    for env in ENVIRONMENTS:
        for board in boards(env):
            for observable in board.observables:
                alerts = observable.alerts
                if len({alert.severity for alert in alerts}) > 1:
                    assert not [a.name for a in alerts if re.search(r"\bby \(", a.expr)]


@EACH_NAME
def test_no_webhook_is_in_git(name: str, rendered: Path) -> None:
    for file in (rendered / name).rglob("*"):
        if file.is_file():
            assert "hooks.slack.com" not in file.read_text(), file


@EACH_NAME
def test_every_webhook_comes_from_one_entry_under_its_receivers_name(
    name: str, observation: Observation, names: dict[str, Names]
) -> None:
    spec = external_secret(observation[name])

    read = {entry["remoteRef"]["property"] for entry in spec["data"]}

    assert {entry["remoteRef"]["key"] for entry in spec["data"]} == {
        f"{name}/eval-platform/slack-webhooks"
    }
    assert read == {slack_receiver(o, s) for o in Owner for s in Severity} | {HEARTBEAT}


@EACH_NAME
def test_alertmanager_mounts_this_secret_and_no_configuration_of_its_chart(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    stack = one(argocd[name], "Application", names[name].application(Addon.PROMETHEUS_STACK))
    alertmanager = stack["spec"]["source"]["helm"]["valuesObject"]["alertmanager"]

    assert alertmanager["alertmanagerSpec"]["useExistingSecret"] is True
    assert alertmanager["alertmanagerSpec"]["configSecret"] == ALERTMANAGER_CONFIG
    assert "config" not in alertmanager


@EACH_NAME
def test_the_store_that_the_secret_comes_from_is_in_its_namespace(
    name: str, observation: Observation, manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    store = one(manifests[name][App.MONITORING], "SecretStore")
    secret = one(observation[name], "ExternalSecret")

    assert secret["spec"]["secretStoreRef"]["name"] == store["metadata"]["name"]
    assert secret["metadata"]["namespace"] == store["metadata"]["namespace"]


@EACH_NAME
def test_the_plane_renders_no_secret(name: str, observation: Observation) -> None:
    assert all_of(observation[name], "Secret") == []


@EACH_NAME
def test_gos_template_engine_gives_the_same_result_as_these_tests(
    name: str, observation: Observation, tmp_path: Path
) -> None:
    """amtool contains Go's template engine, which the operator uses too."""
    (tmp_path / "none.tmpl").write_text("")
    (tmp_path / "data.json").write_text(json.dumps({"receiver": "the-webhook"}))
    templates = external_secret(observation[name])["target"]["template"]["data"]
    config = write(
        observation[name],
        tmp_path / "config",
        webhooks=dict.fromkeys(any_webhooks(observation[name]), "the-webhook"),
    )
    for key, template in templates.items():
        # amtool's data has other fields than the operator's.
        text = re.sub(r"\{\{ \.\w+ \}\}", "{{ .Receiver }}", template)
        output = amtool(
            "template",
            "render",
            f"--template.glob={tmp_path / 'none.tmpl'}",
            f"--template.data={tmp_path / 'data.json'}",
            f"--template.text={text}",
        )
        expected = (config.parent / key).read_text().replace(str(config.parent), _MOUNTED)
        assert output.strip() == expected.strip(), key


_MOUNTED = "/etc/alertmanager/config"
