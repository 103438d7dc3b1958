"""The telemetry contract as a page for the authors of the programs that emit it."""

from collections.abc import Iterator, Sequence

from dashboards.boards.recording_rules import RecordingRule
from telemetry.contract import Emitter, Metric, Table

MADE = "<!-- Made by `evalctl docs` from `telemetry/contract.py`. Edit that. -->"
_HEAD = (
    "Boards, alerts, recording rules and autoscaling use only these names; a test finds any other."
)


def telemetry_page(
    *, metrics: Sequence[Metric], tables: Sequence[Table], recorded: Sequence[RecordingRule]
) -> str:
    """Metrics by emitter, ClickHouse's tables, and what Prometheus computes from the metrics."""
    return "\n".join(
        [
            MADE,
            "# Telemetry: metrics, recording rules and tables",
            "",
            _HEAD,
            "",
            "## Metrics",
            "",
            "The emitter is also Prometheus' label `job`. A histogram is stored as `_bucket`, `_sum` and "
            "`_count`. A metric that is *always* present is exported for as long as its emitter runs, even "
            "when it is 0: an alert fires when it is missing. Any other appears with its first event.",
            "",
            *_metrics(metrics),
            "## Recording rules",
            "",
            "Computed once by Prometheus from the metrics above, and used by several queries.",
            "",
            "| name | meaning |",
            "|---|---|",
            *(f"| `{rule.name}` | {rule.meaning} |" for rule in recorded),
            "",
            "## ClickHouse tables",
            "",
            *_tables(tables),
        ]
    )


def _metrics(metrics: Sequence[Metric]) -> Iterator[str]:
    for emitter in Emitter:
        emitted = [metric for metric in metrics if metric.emitter is emitter]
        if not emitted:
            continue
        yield f"### {emitter}"
        yield ""
        yield "| metric | type | unit | labels | present | meaning |"
        yield "|---|---|---|---|---|---|"
        for metric in emitted:
            names = ", ".join(f"`{label}`" for label in metric.labels)
            present = "always" if metric.always_present else ""
            yield (
                f"| `{metric.name}` | {metric.type} | {metric.unit} | {names} | {present} "
                f"| {metric.meaning} |"
            )
        yield ""


def _tables(tables: Sequence[Table]) -> Iterator[str]:
    for table in tables:
        yield f"### {table.name}"
        yield ""
        yield (
            f"{table.meaning} Written by the {table.emitter}, in the order of "
            f"{', '.join(f'`{column}`' for column in table.order_by)}; a row is dropped "
            f"{table.retention_days} days after its `{table.time_column}`."
        )
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for column in table.columns:
            yield f"| `{column.name}` | `{column.type}` | {column.meaning} |"
        yield ""
