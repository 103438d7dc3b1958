"""The versions that run, each with the end of its support where the catalog has one."""

from collections.abc import Iterator

from environments.catalog import ARGOCD, EKS_VERSIONS
from environments.spec import Environment
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import objects
from evalctl.parsed.terraform import resources


def versions(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """A row for each component."""
    yield from table(("component", "version", "support"), _rows(env, rendered))


def _rows(env: Environment, rendered: RenderedEnvironment) -> Iterator[tuple[str, str, str]]:
    for cluster in resources(rendered, "aws_eks_cluster"):
        minor = cluster["version"].text()
        version = EKS_VERSIONS[minor]
        yield (
            "Kubernetes on EKS",
            minor,
            f"standard to {version.standard_support_until}, extended to {version.extended_support_until}",
        )
    for release in sorted(
        {each["release_version"].text() for each in resources(rendered, "aws_eks_node_group")}
    ):
        yield "node image (AL2023)", release, "made on the day at its end"
    for addon in resources(rendered, "aws_eks_addon"):
        yield (
            f"EKS add-on {addon['addon_name'].text()}",
            addon["addon_version"].text(),
            "of the minor",
        )
    yield "Argo CD", ARGOCD.version, f"tested on Kubernetes {', '.join(ARGOCD.kubernetes_versions)}"
    for application in objects(rendered, "Application"):
        chart = application.at("spec", "source", "chart")
        if chart.present:
            version_ = application.at("spec", "source", "targetRevision").text()
            yield f"chart {chart.text()}", version_, f"set {env.addon_set}"
    for instance in resources(rendered, "aws_db_instance"):
        yield "PostgreSQL", instance["engine_version"].text(), "RDS applies minor versions"
    for group in resources(rendered, "aws_elasticache_replication_group"):
        yield "Valkey", group["engine_version"].text(), "ElastiCache applies patches"
    yield "ClickHouse", env.clickhouse.version, "docs/clickhouse.md describes an upgrade"
