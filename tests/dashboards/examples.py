"""A small, complete board, from which tests make broken ones."""

from dashboards.observable import (
    Alert,
    Board,
    Chart,
    Observable,
    Owner,
    Promql,
    Row,
    Severity,
    Threshold,
    Unit,
)

OBSERVABLE = Observable(
    id="jobs-waiting",
    title="Jobs waiting",
    meaning="Jobs that no worker has taken yet.",
    chart=Chart.TIME_SERIES,
    queries=(Promql(expr="queue:jobs_waiting:max", legend="jobs"),),
    unit=Unit.COUNT,
    thresholds=(
        Threshold(value=800, severity=Severity.WARNING, reason="four fifths of the limit"),
        Threshold(value=1000, severity=Severity.CRITICAL, reason="the limit"),
    ),
    higher_is_better=False,
    what_to_do=("Look at the workers.",),
    other_alerts=(
        Alert(
            name="JobsWait",
            expr="queue:jobs_waiting:max > 1000",
            for_minutes=1,
            severity=Severity.CRITICAL,
            summary="Jobs wait",
            description="More than 1000 jobs wait.",
        ),
    ),
)


def board(*observables: Observable, uid: str = "example") -> Board:
    """A board with one row of these; without any, of the example."""
    return Board(
        uid=uid,
        title=f"Board {uid}",
        owner=Owner.SRE,
        description="An example.",
        days_shown=1,
        rows=(Row(title="Row", observables=observables or (OBSERVABLE,)),),
    )
