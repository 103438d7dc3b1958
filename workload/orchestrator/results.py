"""What a run has found: its scores in ClickHouse."""

from uuid import UUID

from workload.clickhouse import ClickHouse, Row
from workload.settings import Settings

_SCORES = """
SELECT metric, count() AS cases, avg(score) AS mean_score, countIf(score < threshold) AS below_threshold
FROM evaluation_results
WHERE environment = {environment:String} AND run_id = {run:UUID}
GROUP BY metric ORDER BY metric
"""


def scores(settings: Settings, run_id: UUID) -> list[Row]:
    """For each metric: its cases, mean score, and how many cases are below the threshold."""
    return ClickHouse(settings).rows(_SCORES, environment=settings.environment, run=str(run_id))
