"""Every query gets a result from a real Prometheus, and the right one where it can be computed.

The measurements are invented (`evalctl/board_pages/`); the expected results are computed from the same
raw values in Python.
"""

from collections.abc import Callable, Iterator

import pytest

from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.observable import Alert
from environments.prod import PROD
from evalctl.board_pages.prometheus import Prometheus, filled
from evalctl.board_pages.series import DAY, HOUR, Series
from evalctl.board_pages.synthetic import MONTH, synthetic_series
from evalctl.board_pages.variables import Span, promql
from tests.dashboards.alerting.test_alerts import GET_PROMTOOL
from tests.dashboards.promql import alerts, panels, records
from tests.support.tools import program

# One Prometheus for all of them: xdist keeps a group on one worker.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("synthetic-prometheus")]

SPAN = Span(start=MONTH.end - DAY, end=MONTH.end, step=300, scrape_interval=60)
_VALUES = {"model": (".*",), "environment": (PROD.name,)}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    for name in ("promtool", "prometheus"):
        program(name, get_it=GET_PROMTOOL)
    with filled(PROD, MONTH, tmp_path_factory.mktemp("prometheus")) as prometheus:
        yield prometheus


@pytest.fixture(scope="module")
def raw() -> dict[str, list[Series]]:
    """Metric name → its invented series."""
    found: dict[str, list[Series]] = {}
    for series in synthetic_series(PROD, MONTH):
        found.setdefault(series.name, []).append(series)
    return found


def with_values(expr: str) -> str:
    return promql(expr, values=_VALUES, span=SPAN)


def test_every_panel_has_something_to_show(prometheus: Prometheus) -> None:
    empty = [
        query.place
        for query in panels(boards(PROD))
        if not prometheus.query(with_values(query.expr), at=MONTH.end)
    ]

    assert empty == []


def test_every_panel_has_something_to_show_for_the_whole_day(prometheus: Prometheus) -> None:
    gaps = {}
    for query in panels(boards(PROD)):
        lines = prometheus.query_range(
            with_values(query.expr), start=SPAN.start, end=SPAN.end, step=SPAN.step
        )
        points = max((len(line.points) for line in lines), default=0)
        if points < SPAN.seconds // SPAN.step:
            gaps[query.place] = points

    assert gaps == {}


def test_every_recording_rule_records(prometheus: Prometheus) -> None:
    empty = [
        rule.name
        for rule in recording_rules()
        if not prometheus.query(f"count_over_time({rule.name}[1d]) > 1000", at=MONTH.end)
    ]

    assert empty == []


def test_every_alert_and_recording_rule_reads_something(prometheus: Prometheus) -> None:
    """A selector that matches nothing is a typing error that no alert would ever report."""
    empty = {
        f"{query.place} reads {selector.name}{selector.matchers}"
        for query in (*alerts(boards(PROD)), *records())
        for selector in query.selectors()
        if not prometheus.query(f"{selector.name}{selector.matchers}", at=MONTH.end)
    }

    assert empty == set()


def test_only_the_flooded_queue_raises_an_alarm(prometheus: Prometheus) -> None:
    """The one incident of the invented day, four hours before its end, and nothing else."""
    flood = MONTH.end - 4 * HOUR
    fired = {
        (alert.name, abs(time - flood) <= HOUR)
        for board in boards(PROD)
        for observable in board.observables
        for alert in observable.alerts
        for time in firing_times(prometheus, alert)
    }

    assert ("QueueBacklog", True) in fired
    assert {name for name, in_the_flood in fired if not in_the_flood} == set()


def firing_times(prometheus: Prometheus, alert: Alert) -> Iterator[int]:
    """The minutes of the last day at which an alert had held for as long as it must."""
    held = f"count_over_time(({alert.expr})[{alert.for_minutes}m:1m])"
    for answer in prometheus.query_range(
        f"{held} >= {alert.for_minutes}", start=SPAN.start, end=SPAN.end, step=60
    ):
        yield from (int(time) for time, _ in answer.points)


def test_results_are_those_computed_from_the_raw_values(
    prometheus: Prometheus, raw: dict[str, list[Series]]
) -> None:
    shown = {
        query.place.partition("/")[2]: query.expr
        for query in panels(boards(PROD))
        if query.place.startswith("panel ")
    }

    def value(panel: str, **labels: str) -> float:
        (answer,) = (
            answer
            for answer in prometheus.query(with_values(shown[panel]), at=MONTH.end)
            if labels.items() <= answer.labels.items()
        )
        return answer.value

    def grown(name: str, seconds: int, **labels: str) -> float:
        """How much counters grew in the last seconds."""
        ago = MONTH.times().index(MONTH.end - seconds)
        return sum(
            series.values[-1] - series.values[ago]
            for series in raw[name]
            if labels.items() <= series.labels.items()
        )

    def last(name: str, combine: Callable[[list[float]], float] = max) -> float:
        return combine([series.values[-1] for series in raw[name]])

    jobs = grown("eval_jobs_total", 600)
    calls = "gen_ai_client_operation_duration_seconds_count"
    openai = {"gen_ai_provider_name": "openai"}
    spend = grown("eval_llm_cost_usd_total", DAY)
    runs = grown("eval_test_runs_total", 6 * 3_600)
    requests = grown("http_server_request_duration_seconds_count", 3_600) - grown(
        "http_server_request_duration_seconds_count", 3_600, http_route="/healthz"
    )
    errors = grown(
        "http_server_request_duration_seconds_count", 3_600, http_response_status_code="503"
    )
    expected = {
        value("orchestrator-uptime"): 1,
        value("api-availability"): 1 - errors / requests,
        value("queue-lag"): last("redis_key_size"),
        value("oldest-job-age"): last("eval_queue_oldest_job_age_seconds"),
        value("worker-error-rate"): (1 - grown("eval_jobs_total", 600, outcome="succeeded") / jobs),
        value("jobs-in-progress"): last("eval_jobs_in_progress", sum),
        value("clickhouse-nodes"): PROD.clickhouse.nodes,
        value("certificate"): last("aws_certificatemanager_days_to_expiry_minimum"),
        value("daily-spend"): spend,
        value("cost-per-1000-evaluations"): (
            1_000 * spend / grown("eval_jobs_total", DAY, outcome="succeeded")
        ),
        value("tokens-per-day", gen_ai_request_model="small"): grown(
            "gen_ai_client_token_usage_sum", DAY, gen_ai_request_model="small"
        ),
        value("provider-refusals", **openai): (
            grown(calls, 600, error_type="429", **openai) / grown(calls, 600, **openai)
        ),
        value("failed-test-runs"): (
            grown("eval_test_runs_total", 6 * 3_600, outcome="failed") / runs
        ),
    }
    assert list(expected) == pytest.approx(list(expected.values()), rel=1e-3)
    assert len(expected) >= 12, "two panels have the same number"
