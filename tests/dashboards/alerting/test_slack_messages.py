"""A real Alertmanager with the rendered configuration sends few and readable messages."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.alerting.rules import alert_rule
from tests.dashboards.alerting.slack import Alertmanager, Slack, alertmanager, slack
from tests.support.manifests import Manifest

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("alertmanager")]

_SETTLED_SECONDS = 4  # longer than the shortened waits: nothing arrives after it


@pytest.fixture
def workspace() -> Iterator[Slack]:
    with slack() as stand_in:
        yield stand_in


@pytest.fixture
def manager(
    workspace: Slack, observation: dict[str, list[Manifest]], tmp_path: Path
) -> Iterator[Alertmanager]:
    with alertmanager(observation["prod"], workspace, tmp_path) as running:
        yield running


@pytest.fixture
def rules(observation: dict[str, list[Manifest]]) -> list[Manifest]:
    return observation["prod"]


def firing(rules: list[Manifest], name: str, **labels: str) -> dict[str, Any]:
    """An alert as Prometheus sends it."""
    rule = alert_rule(rules, name)
    return {
        "labels": {"alertname": name, "environment": "prod", **rule["labels"], **labels},
        "annotations": rule["annotations"],
        "startsAt": (datetime.now(UTC) - timedelta(minutes=7)).isoformat(),
    }


def test_one_message_contains_every_firing_alert_its_start_its_owner_and_its_runbook(
    manager: Alertmanager, workspace: Slack, rules: list[Manifest]
) -> None:
    alerts = [firing(rules, "ProviderSlow", gen_ai_provider_name=name) for name in ("a", "b")]
    alerts[0]["annotations"] = alerts[0]["annotations"] | {"summary": "a takes 25s"}
    alerts[1]["annotations"] = alerts[1]["annotations"] | {"summary": "b takes 31s"}
    runbook = alerts[0]["annotations"]["runbook_url"]

    manager.post(*alerts)
    message = workspace.wait_for("sre-warning", lambda _: True)
    time.sleep(_SETTLED_SECONDS)

    assert len(workspace.received) == 1
    assert message.title == "[prod] warning: ProviderSlow (2 of 2 firing)"
    assert message.link == runbook
    assert "*a takes 25s*" in message.text
    assert "*b takes 31s*" in message.text
    assert re.search(r"Since 20\d\d-\d\d-\d\d \d\d:\d\d UTC", message.text)
    assert message.text.endswith(f"Owner: sre | <{runbook}|what to do>")
    assert "{{" not in str(message.body)


def test_the_end_of_an_alert_is_reported_in_the_channel_of_its_beginning(
    manager: Alertmanager, workspace: Slack, rules: list[Manifest]
) -> None:
    alert = firing(rules, "LlmBudgetExceeded")

    manager.post(alert)
    workspace.wait_for("finops-critical", lambda m: m.title == "[prod] critical: LlmBudgetExceeded")
    manager.post(alert, over=True)
    over = workspace.wait_for("finops-critical", lambda m: "resolved" in m.title)

    assert over.title == "[prod] resolved: LlmBudgetExceeded"
    assert over.text.startswith("Over: ")
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d to 20\d\d-\d\d-\d\d \d\d:\d\d UTC", over.text)
    assert len(workspace.received) == 2


def test_critical_silences_the_warning_of_the_same_observable_and_no_other(
    manager: Alertmanager, workspace: Slack, rules: list[Manifest]
) -> None:
    manager.post(firing(rules, "WorkerErrorRateCritical"))
    workspace.wait_for("sre-critical", lambda _: True)
    manager.post(*(firing(rules, name) for name in ("WorkerErrorRateHigh", "QueueMemoryHigh")))
    workspace.wait_for("sre-warning", lambda _: True)
    time.sleep(_SETTLED_SECONDS)

    assert sorted(message.title for message in workspace.received) == [
        "[prod] critical: WorkerErrorRateCritical",
        "[prod] warning: QueueMemoryHigh",
    ]


def test_a_queue_that_is_down_silences_its_consequences_but_not_what_users_notice(
    manager: Alertmanager, workspace: Slack, rules: list[Manifest]
) -> None:
    manager.post(firing(rules, "QueueUnreachable"))
    workspace.wait_for("sre-critical", lambda m: "QueueUnreachable" in m.title)
    consequences = ("QueueLagging", "WorkerErrorRateCritical", "OrchestratorDown")
    manager.post(*(firing(rules, name) for name in consequences))
    workspace.wait_for("sre-critical", lambda m: "OrchestratorDown" in m.title)
    time.sleep(_SETTLED_SECONDS)

    assert sorted(message.title for message in workspace.received) == [
        "[prod] critical: OrchestratorDown",
        "[prod] critical: QueueUnreachable",
    ]


def test_the_dead_mans_switch_reaches_its_heartbeat_at_once_and_no_channel(
    manager: Alertmanager, workspace: Slack, rules: list[Manifest]
) -> None:
    manager.post(firing(rules, "DeadMansSwitch"))

    beat = workspace.wait_for("heartbeat", lambda _: True)

    assert beat.body["status"] == "firing"
    assert [message.channel for message in workspace.received] == ["heartbeat"]


def test_an_alert_of_the_charts_own_rules_is_sent_with_its_text(
    manager: Alertmanager, workspace: Slack
) -> None:
    manager.post(
        {
            "labels": {
                "alertname": "KubeNodeNotReady",
                "severity": "warning",
                "environment": "prod",
            },
            "annotations": {"summary": "Node is not ready.", "description": "n1 has left."},
        }
    )

    message = workspace.wait_for("sre-warning", lambda _: True)

    assert message.title == "[prod] warning: KubeNodeNotReady"
    assert message.text.startswith("*Node is not ready.*\nn1 has left.\nSince ")
    assert message.text.endswith("\nOwner: sre")
