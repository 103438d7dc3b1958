"""Boards and recording rules as PrometheusRules: what Prometheus computes and when it alerts."""

from collections.abc import Iterable

from dashboards.boards.recording_rules import RecordingRule
from dashboards.manifests import Manifest, manifest
from dashboards.observable import Alert, Board, Observable, Owner
from dashboards.pages.runbook_address import runbook_url
from environments.names import Names

# Fires always; whoever receives it raises the alarm when it stops. It is ours, and
# kube-prometheus-stack's own (`Watchdog`) is off: theirs would go on firing if Prometheus stopped
# loading our rules.
DEAD_MANS_SWITCH = "DeadMansSwitch"

Rule = dict[str, object]


def prometheus_rules(
    boards: Iterable[Board], recorded: Iterable[RecordingRule], *, names: Names
) -> list[Manifest]:
    """One object per board that alerts, one of recording rules, one of the dead man's switch."""
    groups = {board.uid: _alerts(board, names=names) for board in boards}
    groups["recording-rules"] = [{"record": rule.name, "expr": rule.expr} for rule in recorded]
    groups["dead-mans-switch"] = [_dead_mans_switch()]
    return [
        manifest(
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            name=group,
            names=names,
            body={"spec": {"groups": [{"name": group, "rules": rules}]}},
        )
        for group, rules in groups.items()
        if rules
    ]


def _alerts(board: Board, *, names: Names) -> list[Rule]:
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
            "summary": "Alerts get through",
            "description": (
                "Fires always. When it no longer arrives, Prometheus, Alertmanager or the way out "
                "of the cluster is broken, and no other alert arrives either."
            ),
        },
    }
