"""Which receiver gets which alert and when, and which alerts are silenced because another explains them."""

from dataclasses import dataclass

from dashboards.alerting.prometheus_rules import DEAD_MANS_SWITCH
from dashboards.boards.telemetry_health import silence_alert
from dashboards.observable import Owner, Severity
from telemetry.contract import Emitter

# Where Alertmanager's Secret is mounted; the file of a receiver's name contains its webhook.
FOLDER = "/etc/alertmanager/config"
HEARTBEAT = "heartbeat"
_NOBODY = "nobody"

# Alerts of kube-prometheus-stack's own rules have no owner label; this team owns the cluster.
_FALLBACK = Owner.SRE

_REPEAT = {Severity.CRITICAL: "4h", Severity.WARNING: "24h"}

Settings = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """While `cause` fires, its consequences are silenced: the cause has to be fixed first.

    An alert on what users notice themselves, as OrchestratorDown, is never silenced.
    """

    cause: str
    consequences: tuple[str, ...]


EXPLANATIONS = (
    Explanation(
        cause="OrchestratorDown",
        consequences=(
            "ApiErrorBudgetBurnFast",
            "ApiErrorBudgetBurnSlow",
            "TestRunsFail",
            silence_alert(Emitter.ORCHESTRATOR),
        ),
    ),
    Explanation(
        cause="QueueUnreachable",
        consequences=(
            "ApiErrorBudgetBurnFast",
            "ApiErrorBudgetBurnSlow",
            "QueueBacklog",
            "QueueLagging",
            "QueueNotDraining",
            "TestRunsFail",
            "WorkerErrorRateCritical",
            "WorkerErrorRateHigh",
            "WorkersAtMaximum",
            silence_alert(Emitter.REDIS_EXPORTER),
        ),
    ),
    # These alerts are about the same waiting jobs.
    Explanation(cause="QueueBacklog", consequences=("QueueNotDraining", "WorkersAtMaximum")),
    Explanation(cause="QueueLagging", consequences=("QueueNotDraining", "WorkersAtMaximum")),
    Explanation(
        cause="ClickHouseNodeDown",
        consequences=("ClickHouseReplicationDelayed", silence_alert(Emitter.CLICKHOUSE)),
    ),
)


def slack_receiver(owner: Owner, severity: Severity) -> str:
    """The receiver's name, and the name of its webhook."""
    return f"{owner}-{severity}"


SLACK_RECEIVERS = tuple(slack_receiver(owner, severity) for owner in Owner for severity in Severity)


def route() -> Settings:
    """The first route that matches takes the alert; an alert without a match goes to the fallback."""
    return {
        "receiver": slack_receiver(_FALLBACK, Severity.WARNING),
        # One message for an alert, even if many series fire.
        "group_by": ["alertname"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": _REPEAT[Severity.WARNING],
        "routes": [
            {
                "receiver": HEARTBEAT,
                "matchers": [f'alertname="{DEAD_MANS_SWITCH}"'],
                "group_wait": "0s",
                "group_interval": "1m",
                "repeat_interval": "5m",
            },
            # In kube-prometheus-stack, alerts of these severities only inhibit others.
            {"receiver": _NOBODY, "matchers": ['severity=~"info|none"']},
            *(_owned(owner, severity) for owner in Owner for severity in Severity),
            _unowned_and_critical(),
        ],
    }


def receivers(heartbeat_url: str) -> list[Settings]:
    """One Slack channel for each owner and severity, the heartbeat, and one that sends nothing."""
    return [
        *map(_slack, SLACK_RECEIVERS),
        {
            "name": HEARTBEAT,
            "webhook_configs": [{"url": heartbeat_url, "send_resolved": False}],
        },
        {"name": _NOBODY},
    ]


def inhibit_rules() -> list[Settings]:
    return [
        _critical_silences_warning(same=("observable",)),
        # kube-prometheus-stack's alerts have no observable; a critical and a warning one share a name.
        _critical_silences_warning(same=("alertname", "namespace")),
        *(_explained(explanation) for explanation in EXPLANATIONS),
    ]


def _slack(name: str) -> Settings:
    slack = {"api_url_file": f"{FOLDER}/{name}", "send_resolved": True}
    return {"name": name, "slack_configs": [slack]}


def _owned(owner: Owner, severity: Severity) -> Settings:
    return {
        "receiver": slack_receiver(owner, severity),
        "matchers": [f'owner="{owner}"', f'severity="{severity}"'],
        "repeat_interval": _REPEAT[severity],
    }


def _unowned_and_critical() -> Settings:
    return {
        "receiver": slack_receiver(_FALLBACK, Severity.CRITICAL),
        "matchers": [f'severity="{Severity.CRITICAL}"'],
        "repeat_interval": _REPEAT[Severity.CRITICAL],
    }


def _critical_silences_warning(*, same: tuple[str, ...]) -> Settings:
    # A label that both alerts lack counts as the same: without the last matcher any critical alert
    # without an observable would silence every such warning.
    present = f'{same[0]}!=""'
    return {
        "source_matchers": [f'severity="{Severity.CRITICAL}"', present],
        "target_matchers": [f'severity="{Severity.WARNING}"', present],
        "equal": list(same),
    }


def _explained(explanation: Explanation) -> Settings:
    return {
        "source_matchers": [f'alertname="{explanation.cause}"'],
        "target_matchers": [f'alertname=~"{"|".join(explanation.consequences)}"'],
    }
