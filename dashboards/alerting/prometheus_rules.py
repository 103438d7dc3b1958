"""Boards and recording rules as PrometheusRules: what Prometheus computes and when it alerts."""

from collections.abc import Iterable

import constructs

from bindings.custom_resource import CustomResource
from dashboards.boards.recording_rules import RecordingRule
from dashboards.observable import Alert, Board, Observable, Owner
from dashboards.pages.runbook_address import runbook_url
from environments.names import Names

# Always fires; its receiver raises the alarm when it stops. kube-prometheus-stack's own (`Watchdog`) is
# off: it would go on firing if Prometheus stopped loading the rules of this plane.
DEAD_MANS_SWITCH = "DeadMansSwitch"

Rule = dict[str, object]


def prometheus_rules(
    scope: constructs.Construct,
    boards: Iterable[Board],
    recorded: Iterable[RecordingRule],
    *,
    names: Names,
) -> None:
    """One object per board that alerts, one of recording rules, one of the dead man's switch."""
    groups = {board.uid: board_alerts(board, names=names) for board in boards}
    groups["recording-rules"] = [{"record": rule.name, "expr": rule.expr} for rule in recorded]
    groups["dead-mans-switch"] = [_dead_mans_switch()]
    for group, rules in groups.items():
        if rules:
            CustomResource(
                scope,
                f"rules-{group}",
                api_version="monitoring.coreos.com/v1",
                kind="PrometheusRule",
                name=group,
                spec={"groups": [{"name": group, "rules": rules}]},
            )


def board_alerts(board: Board, *, names: Names) -> list[Rule]:
    """The board's alerts as Prometheus' rules."""
    return [
        _alert(alert, observable, board, names=names)
        for observable in board.observables
        for alert in observable.alerts
    ]


def _alert(alert: Alert, observable: Observable, board: Board, *, names: Names) -> Rule:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": f"{alert.for_minutes}m",
        "labels": {
            "severity": str(alert.severity),
            "owner": str(board.owner_of(observable)),
            "observable": observable.id,
        },
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": runbook_url(names.env.repository, board.uid, observable.id),
        },
    }


def _dead_mans_switch() -> Rule:
    return {
        "alert": DEAD_MANS_SWITCH,
        "expr": "vector(1)",
        "labels": {"severity": "none", "owner": str(Owner.SRE)},
        "annotations": {
            "summary": "Alerts are delivered",
            "description": (
                "Always fires. When it no longer arrives, Prometheus, Alertmanager or the connection "
                "out of the cluster is broken, and no other alert arrives either."
            ),
        },
    }
