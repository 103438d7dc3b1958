"""Checks of the alerts: they reach people, who find what to do."""

import re
from collections.abc import Iterator

from environments.names import RESTORED_STORES
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.checks.routing import Alert, Routing, alerts, notifications, routing, seconds

_OLDEST_JOB = "eval_queue_oldest_job_age_seconds"
_LAG_SECONDS = 300
_SILENT = ("info", "none")  # severities of alerts that notify nobody
_RUNBOOK = re.compile(r".*/blob/[^/]+/(?P<page>docs/runbooks/[\w-]+\.md)#(?P<heading>[\w-]+)")


@check(
    title="A job that waits for more than five minutes is reported in Slack",
    rests_on="an alert on the age of the oldest job, its route, the receiver, and the entry of the webhook",
    brief="B13",
)
def queue_lag_alert(subject: Subject) -> Iterator[Finding]:
    routes = routing(subject.env)
    for alert in alerts(subject.env):
        limit = re.search(rf"{_OLDEST_JOB}[^>]*> *(\d+)", alert.rule["expr"].text())
        if limit is None:
            continue
        yield require(
            alert.rule["expr"],
            float(limit[1]) <= _LAG_SECONDS,
            f"the alert must fire above {_LAG_SECONDS} seconds",
        )
        yield require(
            alert.rule["for"],
            seconds(alert.rule["for"]) <= _LAG_SECONDS,
            "the alert waits for more than another five minutes",
        )
        yield from _in_slack(alert, routes)


def _in_slack(alert: Alert, routes: Routing) -> Iterator[Finding]:
    route = routes.route_of(alert)
    receiver = routes.receiver(route)
    if receiver is None:
        yield Finding(route["receiver"], "no receiver has this name", alert.rule["alert"])
        return
    slack = receiver["slack_configs"]
    yield require(
        slack, bool(slack.items()), "the receiver is not in Slack", other=route["receiver"]
    )
    for config in slack.items():
        file = config["api_url_file"]
        entry = routes.entry(file)
        yield require(file, entry is not None, "no secret fills this file", other=entry)


@check(
    title="Each alert reaches a receiver",
    rests_on="alerts with the severity critical or warning; Alertmanager's routes and receivers",
)
def alert_routes(subject: Subject) -> Iterator[Finding]:
    routes = routing(subject.env)
    for alert in alerts(subject.env):
        if not alert.must_notify:
            severity = alert.rule.at("labels", "severity")
            yield require(severity, severity.value in _SILENT, "no route knows this severity")
            continue
        route = routes.route_of(alert)
        receiver = routes.receiver(route)
        ways = notifications(receiver) if receiver is not None else []
        yield require(
            alert.rule["alert"],
            bool(ways),
            "the alert's route leads to no receiver that notifies anybody",
            other=route["receiver"],
        )
    for receiver in routes.document["receivers"].items():
        for config in notifications(receiver):
            file = config["api_url_file"]
            if file.present:
                entry = routes.entry(file)
                yield require(file, entry is not None, "no secret fills this file", other=entry)


@check(
    title="Each alert has a runbook, and its heading is there",
    rests_on="runbook_url of the alerts that notify; the pages in docs/runbooks/",
)
def alert_runbooks(subject: Subject) -> Iterator[Finding]:
    headings: dict[str, set[str]] = {}
    for alert in alerts(subject.env):
        if not alert.must_notify:
            continue
        address = alert.rule.at("annotations", "runbook_url")
        match = _RUNBOOK.fullmatch(address.text_or(""))
        if match is None:
            yield Finding(address, "this is no heading of a page in docs/runbooks/")
            continue
        page = match["page"]
        if page not in headings:
            headings[page] = _headings(subject, page)
        yield require(address, match["heading"] in headings[page], f"{page} has no such heading")


def _headings(subject: Subject, page: str) -> set[str]:
    """The anchors in a page, and the addresses that GitHub gives its headings; none without the page."""
    file = subject.env.root / page
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    titles = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    addresses = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return addresses | set(re.findall(r'<a id="([^"]+)">', text))


@check(
    title="A restore is practised, and its absence raises an alert",
    rests_on="alerts on the metric of the last successful restore of each store",
)
def restore_practised(subject: Subject) -> Iterator[Finding]:
    place = subject.env.place("dashboards/PrometheusRule-platform-health.yaml")
    for store in RESTORED_STORES:
        metric = re.compile(rf'restore\w*{{[^}}]*"{store}"', re.IGNORECASE)
        found = [
            alert.rule["expr"]
            for alert in alerts(subject.env)
            if metric.search(alert.rule["expr"].text())
        ]
        yield require(
            found[0] if found else place,
            bool(found),
            f"no alert has a metric of {store}'s restores, so nothing shows that its backup can be restored",
        )
