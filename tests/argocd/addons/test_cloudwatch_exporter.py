"""The CloudWatch exporter requests the metrics of the contract, under the exported names."""

import re

import pytest
import yaml

from argocd.addons.cloudwatch_exporter import JOBS, POLL_SECONDS, MetricsJob
from argocd.addons.installed import installed_charts
from environments.names import CLOUDWATCH_EXPORTER, LAST_RESTORE_METRIC, Addon, Names
from telemetry.contract import METRICS, Emitter, Metric
from tests.support.manifests import Manifest

CONTRACT = tuple(metric for metric in METRICS if metric.emitter is Emitter.CLOUDWATCH_EXPORTER)


@pytest.fixture(params=["dev", "prod"])
def values(request: pytest.FixtureRequest, names: dict[str, Names]) -> Manifest:
    (found,) = (
        chart.values
        for chart in installed_charts(names[request.param])
        if chart.addon is Addon.CLOUDWATCH_EXPORTER
    )
    return dict(found)


def spelled(text: str) -> str:
    """As the exporter does: a word begins where a capital follows a small letter or a digit."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub("[/-]", "_", text)).lower()


def exported(job: MetricsJob) -> set[str]:
    namespace = "aws_" + spelled(job.namespace.lower()).removeprefix("aws_")
    return {f"{namespace}_{spelled(name)}_{spelled(job.statistic)}" for name in job.metrics}


def test_the_metrics_are_those_of_the_contract() -> None:
    assert {name for job in JOBS for name in exported(job)} == {metric.name for metric in CONTRACT}


@pytest.mark.parametrize("metric", CONTRACT, ids=lambda metric: metric.name)
def test_the_labels_of_the_contract_are_the_requested_dimensions(metric: Metric) -> None:
    (job,) = (job for job in JOBS if metric.name in exported(job))
    if job.dimensions:
        assert metric.labels == tuple(f"dimension_{name}" for name in job.dimensions)


def test_every_query_covers_whole_steps(values: Manifest) -> None:
    for job in yaml.safe_load(values["config"])["customNamespace"]:
        for metric in job["metrics"]:
            assert metric["length"] % metric["period"] == 0
            assert metric["period"] % POLL_SECONDS == 0, "the value would not have changed"


def test_aws_is_queried_in_the_environments_region(
    values: Manifest, names: dict[str, Names]
) -> None:
    config = yaml.safe_load(values["config"])
    regions = {
        region
        for job in config["customNamespace"]
        if job["namespace"] != "AWS/Billing"
        for region in job["regions"]
    }

    assert regions == {config["sts-region"]}
    assert regions <= {name.env.account.region for name in names.values()}


def test_the_bill_is_queried_in_the_only_region_that_has_it(values: Manifest) -> None:
    jobs = yaml.safe_load(values["config"])["customNamespace"]
    (bill,) = (job for job in jobs if job["namespace"] == "AWS/Billing")
    assert bill["regions"] == ["us-east-1"]


def test_one_pod_queries_aws_and_no_key_is_in_its_values(values: Manifest) -> None:
    assert values["replicaCount"] == 1
    assert values["extraArgs"] == {"scraping-interval": POLL_SECONDS}
    assert values["serviceAccount"]["name"] == CLOUDWATCH_EXPORTER.name
    assert "aws" not in values


def test_a_month_costs_less_than_two_dollars() -> None:
    # RDS and S3, and each metric has one vault only; ClickHouse and PostgreSQL.
    types = {"NumberOf": 2, LAST_RESTORE_METRIC: 2}
    metrics = sum(
        next((count for start, count in types.items() if name.startswith(start)), 1)
        for job in JOBS
        for name in job.metrics
    )
    polls = 30 * 86_400 / POLL_SECONDS

    assert metrics == 20  # each is nine cents; the exporter's module has the sum
    assert metrics * polls / 1000 * 0.01 < 1.75  # USD
