"""The numbers of a run, each with what it is and where it comes from."""

from dataclasses import dataclass

from evalctl.demo.report import Report


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of the run; `id` is its element's, and `page` has more about it."""

    id: str
    text: str
    name: str
    meaning: str
    page: str  # below docs/


def numbers(report: Report) -> tuple[Number, ...]:
    """The run's numbers, in the order in which the page shows them."""
    jobs = report.jobs
    return (
        Number(
            id="jobs",
            text=f"{jobs.total():,}",
            name="cases scored" if jobs["done"] == jobs.total() else "cases",
            meaning=f"One job scores one case: {jobs['done']:,} done, {jobs['failed']:,} failed. PostgreSQL, "
            "by the API.",
            page="images.md",
        ),
        Number(
            id="seconds",
            text=f"{report.seconds:,.0f} s",
            name="from the first request to the last result",
            meaning="Four workers on this machine. The queue's length over time is on Platform Health.",
            page="runbooks/platform-health.md",
        ),
        Number(
            id="job-times",
            text=f"{report.job_p50_seconds:.1f} s / {report.job_p95_seconds:.1f} s",
            name="half of the jobs, 95 of 100 jobs",
            meaning="So many took at most this time. The workers' histogram, by Prometheus, so an estimate.",
            page="runbooks/platform-health.md",
        ),
        Number(
            id="calls",
            text=f"{report.calls:,}",
            name="calls of LLM providers",
            meaning=f"{report.refused:,} were refused with 429 and {report.failed:,} failed otherwise; the workers "
            "tried them again after a pause. ClickHouse, table llm_calls.",
            page="telemetry.md",
        ),
        Number(
            id="call-time",
            text=f"{report.call_p95_seconds:.2f} s",
            name="95 of 100 calls",
            meaning="So many ended within this time. The stand-in's times are invented.",
            page="runbooks/llm-cost.md",
        ),
        Number(
            id="tokens",
            text=f"{report.input_tokens + report.output_tokens:,}",
            name="tokens",
            meaning=f"{report.input_tokens:,} of prompts and {report.output_tokens:,} of answers, counted by the "
            "stand-in: four characters are one.",
            page="telemetry.md",
        ),
        Number(
            id="cost",
            text=f"${report.cost_usd:,.2f}",
            name="what these calls would cost",
            meaning="The providers' list prices for the tokens. Nothing was paid.",
            page="runbooks/llm-cost.md",
        ),
    )
