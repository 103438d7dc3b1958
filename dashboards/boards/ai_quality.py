"""The board of the product team (B9): whether the agent gets better from build to build, and where not."""

from dashboards.observable import (
    Board,
    Chart,
    ClickhouseSql,
    Observable,
    Owner,
    Promql,
    Row,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.spec import Environment

FAITHFULNESS = "faithfulness"
REQUIRED_FAITHFULNESS = 0.9  # (B6)
FAILED_RUNS_LIMIT = 0.2  # share of test runs

_SHOWN = "$__timeFilter(evaluated_at) AND environment = '$environment'"
_FAITHFULNESS_SHOWN = f"{_SHOWN} AND metric = '{FAITHFULNESS}'"
_LINE = Threshold(
    value=REQUIRED_FAITHFULNESS,
    severity=Severity.CRITICAL,
    reason="below it the quality gate blocks a merge",
)
_NO_ALERT = "the quality gate blocks a worse build before it is merged; this panel shows the trend"


def board(env: Environment) -> Board:
    """Regressions, topics that fail, and whether there is enough data."""
    return Board(
        uid="ai-quality",
        title="AI Quality Trends",
        owner=Owner.PRODUCT,
        days_shown=30,
        description=f"Scores of the agent's answers in {env.name}, by build and by topic.",
        rows=(
            Row(title="Regressions", observables=(_faithfulness(), _builds(), _metrics())),
            Row(title="Topics", observables=(_failing_topics(), _worst_cases())),
            Row(title="Runs and data", observables=(_judged(), _failed_runs())),
        ),
    )


def _faithfulness() -> Observable:
    return Observable(
        id="faithfulness-by-build",
        title="Faithfulness across builds",
        meaning="Mean faithfulness of each build, at its build time.",
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT built_at AS time, avg(score) AS faithfulness"
                    f" FROM evaluation_results WHERE {_FAITHFULNESS_SHOWN}"
                    " GROUP BY build, built_at ORDER BY time"
                ),
                time_series=True,
            ),
        ),
        unit=Unit.RATIO,
        thresholds=(_LINE,),
        higher_is_better=True,
        what_to_do=(
            "Find the first build below its predecessor in *Builds*, and read the changes it merged.",
            "If the judge or the data set changed, scores cannot be compared: evaluate the old builds again.",
        ),
        no_alert=_NO_ALERT,
    )


def _builds() -> Observable:
    return Observable(
        id="builds",
        title="Builds",
        meaning="Each build's mean and worst faithfulness, and the change to the build before it.",
        chart=Chart.TABLE,
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT build, built_at, cases, round(faithfulness, 3) AS faithfulness,"
                    " round(faithfulness - lagInFrame(faithfulness, 1, faithfulness) OVER"
                    " (ORDER BY built_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), 3) AS change,"
                    " round(worst, 3) AS worst FROM ("
                    "SELECT build, built_at, count() AS cases, avg(score) AS faithfulness,"
                    " min(score) AS worst"
                    f" FROM evaluation_results WHERE {_FAITHFULNESS_SHOWN}"
                    " GROUP BY build, built_at) ORDER BY built_at DESC"
                ),
                time_series=False,
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=True,
        what_to_do=("A change of less than 0.02 with fewer than a hundred cases is noise.",),
        no_alert=_NO_ALERT,
    )


def _metrics() -> Observable:
    return Observable(
        id="scores-by-metric",
        title="Scores by metric",
        meaning="Mean score of each metric by day: an answer can be faithful and still not answer the question.",
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT toStartOfDay(evaluated_at) AS time, metric, avg(score) AS score"
                    f" FROM evaluation_results WHERE {_SHOWN}"
                    " GROUP BY time, metric ORDER BY time, metric"
                ),
                time_series=True,
            ),
        ),
        unit=Unit.RATIO,
        higher_is_better=True,
        what_to_do=("If only one metric falls, read the worst cases of that metric.",),
        no_alert=_NO_ALERT,
    )


def _failing_topics() -> Observable:
    return Observable(
        id="fail-topic-clusters",
        title="Topics with the most wrong answers",
        meaning="Share of cases below their metric's threshold, by topic; the worst ten.",
        chart=Chart.BARS,
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT topic, countIf(score < threshold) / count() AS failed"
                    f" FROM evaluation_results WHERE {_SHOWN}"
                    " GROUP BY topic ORDER BY failed DESC, topic LIMIT 10"
                ),
                time_series=False,
            ),
        ),
        unit=Unit.RATIO,
        higher_is_better=False,
        what_to_do=(
            "Read the topic's cases in *Worst cases*: is a source missing, or is the question unclear?",
            "Add the missing source to the agent's sources, and similar cases to the data set.",
        ),
        no_alert=_NO_ALERT,
    )


def _worst_cases() -> Observable:
    return Observable(
        id="worst-cases",
        title="Worst cases",
        meaning="The twenty lowest scores in the time shown, with the judge's reason.",
        chart=Chart.TABLE,
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT topic, case_id, metric, round(score, 3) AS score, reason, build"
                    f" FROM evaluation_results WHERE {_SHOWN}"
                    " ORDER BY score, evaluated_at DESC LIMIT 20"
                ),
                time_series=False,
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=True,
        what_to_do=("If the judge is wrong, correct the expected answer, not the agent.",),
        no_alert=_NO_ALERT,
    )


def _judged() -> Observable:
    return Observable(
        id="scores-per-day",
        title="Scores given per day",
        meaning="How much data the other panels are based on.",
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT toStartOfDay(evaluated_at) AS time, count() AS scores"
                    f" FROM evaluation_results WHERE {_SHOWN} GROUP BY time ORDER BY time"
                ),
                time_series=True,
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=True,
        what_to_do=(
            "None today: check whether a run started: *Failed test runs*, and the board Platform Health.",
        ),
        no_alert="on a weekend there may be no runs",
    )


def _failed_runs() -> Observable:
    failed = (
        '(sum(increase(eval_test_runs_total{outcome="failed"}[6h])) or vector(0))'
        " / (sum(increase(eval_test_runs_total[6h])) > 0)"
    )
    return Observable(
        id="failed-test-runs",
        title="Failed test runs",
        meaning="Share of the test runs within six hours that ended without a result.",
        queries=(Promql(expr=failed, legend="failed"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=FAILED_RUNS_LIMIT,
                severity=Severity.WARNING,
                reason="one run in five; people repeat single failures themselves",
                alert=ThresholdAlert(
                    name="TestRunsFail",
                    for_minutes=30,
                    summary="{{ $value | humanizePercentage }} of test runs end without a result",
                    description="More than one in five test runs failed within six hours.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "The orchestrator's log names the run and why it failed.",
            "If all runs fail, look at the board Platform Health.",
        ),
    )
