"""The API: whether it answers, and how fast."""

from dashboards.boards.burn_rate import burn_rate_alerts
from dashboards.boards.recording_rules import API_READY, api_error_ratio, p95
from dashboards.observable import Alert, Chart, Observable, Promql, Severity, Threshold, Unit
from environments.names import Names
from environments.spec import Environment

# In five minutes: a single one may be a pod that was lost with its node.
_ERRORS_OF_LOAD_BALANCER = 5


def observables(env: Environment) -> tuple[Observable, ...]:
    return (_uptime(env), _availability(env), _load_balancer(Names(env)), _latency())


def _uptime(env: Environment) -> Observable:
    objective = env.objectives.availability_percent
    return Observable(
        id="orchestrator-uptime",
        title="Orchestrator uptime",
        meaning=(
            "Share of the time shown in which the API answered. The kubelets probe its readiness "
            "endpoint every five seconds; one ready pod is enough."
        ),
        chart=Chart.STAT,
        queries=(Promql(expr=f"avg_over_time({API_READY}[$__range])", legend="uptime"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=round(objective / 100, 6),
                severity=Severity.CRITICAL,
                reason=f"the environment's objective, {objective:g} %",
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "`kubectl -n eval-platform get pods -l app.kubernetes.io/name=orchestrator` lists the pods.",
            "If none is ready: `kubectl -n eval-platform logs deployment/orchestrator --since=15m`; the "
            "readiness check fails when PostgreSQL, the queue or ClickHouse cannot be reached.",
            "If there are none, look at the Argo CD Application's last sync and revert the merge that broke it.",
        ),
        other_alerts=(
            Alert(
                name="OrchestratorDown",
                expr=f"({API_READY} or vector(0)) == 0",
                for_minutes=3,
                severity=Severity.CRITICAL,
                summary="The API does not answer",
                description=(
                    "No orchestrator has been ready for three minutes, or the metric is missing."
                ),
            ),
        ),
    )


def _availability(env: Environment) -> Observable:
    objective = env.objectives.availability_percent
    return Observable(
        id="api-availability",
        title="API requests answered",
        meaning="Share of users' requests without a server error, over the last hour.",
        queries=(Promql(expr=f"1 - {api_error_ratio('1h')}", legend="answered"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=round(objective / 100, 6),
                severity=Severity.CRITICAL,
                reason=f"below {objective:g} % for a whole month breaks the objective",
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "To find the route that fails, group `http_server_request_duration_seconds_count` by `http_route` "
            "and `http_response_status_code`.",
            "If it began with a release (`git log -5 environments/images.json`), go back with "
            "`git revert`.",
            "If a store is down, the rows *PostgreSQL*, *ClickHouse* and *Queue* show it.",
        ),
        other_alerts=burn_rate_alerts(
            "ApiErrorBudgetBurn",
            what="API requests fail",
            ratio=api_error_ratio,
            objective_percent=objective,
        ),
    )


def _load_balancer(names: Names) -> Observable:
    """The objective is measured in the program, which does not see these requests."""
    ours = f'dimension_LoadBalancer=~"app/{names.load_balancer}/.+"'
    errors = f"max(aws_applicationelb_httpcode_elb_5_xx_count_sum{{{ours}}})"
    connections = f"max(aws_applicationelb_target_connection_error_count_sum{{{ours}}})"
    return Observable(
        id="load-balancer-errors",
        title="Errors of the load balancer",
        meaning=(
            "Requests of five minutes that the load balancer answered with a server error of its own, "
            "because no pod took them or a pod closed the connection, and connections to pods that "
            "failed. *API requests answered* does not count them: the API never saw them."
        ),
        queries=(
            Promql(expr=errors, legend="answered 5xx by the load balancer"),
            Promql(expr=connections, legend="failed connections to pods"),
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=_ERRORS_OF_LOAD_BALANCER,
                severity=Severity.CRITICAL,
                reason="a few can be a lost node; more are users whose requests fail",
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            f"`aws elbv2 describe-load-balancers --names {names.load_balancer} --query "
            "'LoadBalancers[].LoadBalancerArn'` finds it, and `aws elbv2 describe-target-groups "
            "--load-balancer-arn ARN` its target group.",
            "503: no pod is healthy. `aws elbv2 describe-target-health --target-group-arn ARN` has the "
            "reason for each; *Orchestrator uptime* shows whether pods are ready.",
            "502 without failed connections: the program closes idle connections too early. It must keep "
            "them for `KEEP_ALIVE_SECONDS` (docs/images.md).",
            "504, or failed connections: pods are overloaded or stopped without finishing their requests. "
            "Compare with *API p95 response time* and with the last release.",
        ),
        other_alerts=(
            Alert(
                name="LoadBalancerErrors",
                expr=f"{errors} > {_ERRORS_OF_LOAD_BALANCER}",
                for_minutes=6,  # longer than one value of CloudWatch is current
                severity=Severity.CRITICAL,
                summary="The load balancer fails {{ $value | humanize }} requests in five minutes",
                description=(
                    "It answered them with a 5xx of its own, so the error budget does not count them."
                ),
            ),
        ),
    )


def _latency() -> Observable:
    return Observable(
        id="api-latency",
        title="API p95 response time",
        meaning="95 of 100 requests of a route were answered within this time.",
        queries=(
            Promql(
                expr=p95(
                    "http_server_request_duration_seconds",
                    by="http_route",
                    window="$__rate_interval",
                ),
                legend="{{http_route}}",
            ),
        ),
        unit=Unit.SECONDS,
        higher_is_better=False,
        what_to_do=(
            "If connections are many too, look at PostgreSQL's row below.",
            "Otherwise profile the route; more replicas do not help a slow query.",
        ),
        no_alert=(
            "evaluations are asynchronous: a slow answer delays no result, and a failed one "
            "counts in *API requests answered*"
        ),
    )
