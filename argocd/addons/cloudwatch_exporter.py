"""YACE: CloudWatch's metrics of the database, the load balancer, backups and certificates (B13, B14).

It queries CloudWatch by namespace, not by tag: people make certificates and may not tag them, and the
role needs no right to list the account's resources. Each requested metric costs: 0.01 USD per thousand
(aws.amazon.com/cloudwatch/pricing). Twenty metrics every five minutes are some 173,000 a month,
1.73 dollars; every 30 seconds, as often as Prometheus scrapes, they would cost seventeen. Prometheus
scrapes the last result, which costs nothing.

Value keys: `charts/prometheus-yet-another-cloudwatch-exporter` of prometheus-community/helm-charts, read
at 0.47. Names of metrics and labels: `pkg/promutil` of prometheus-community/yet-another-cloudwatch-exporter;
a test compares them with the contract.
"""

from dataclasses import dataclass

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
)
from bindings.yaml_text import to_yaml
from environments.names import (
    CLICKHOUSE_BACKUPS_METRIC,
    CLOUDWATCH_EXPORTER,
    CLOUDWATCH_NAMESPACE,
    LAST_RESTORE_METRIC,
    MONITORING_LABEL,
    Addon,
    MonitoringPart,
    Names,
)
from environments.spec import Compute

POLL_SECONDS = 300

EXPORTER = Compute.of(cpu="10m", cpu_limit="100m", memory="64Mi", memory_limit="128Mi")
_USER = 10001  # the image's own
_HOUR = 3_600
_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class MetricsJob:
    """One of YACE's jobs: metrics of one CloudWatch namespace.

    Each query covers `length_seconds` in steps of `period_seconds`, up to the last full step (whole
    hours or days of UTC); YACE exports the newest value.
    """

    namespace: str
    metrics: tuple[str, ...]
    statistic: str
    period_seconds: int
    length_seconds: int
    dimensions: tuple[str, ...]  # exactly these; empty: all dimensions of the metric
    missing_is_zero: bool
    region: str | None = None  # None: the environment's

    def to_config(self, *, region: str) -> Values:
        job: Values = {
            "name": self.namespace.rpartition("/")[2].lower(),
            "namespace": self.namespace,
            "regions": [self.region or region],
            "metrics": [
                {
                    "name": metric,
                    "statistics": [self.statistic],
                    "period": self.period_seconds,
                    "length": self.length_seconds,
                    "nilToZero": self.missing_is_zero,
                }
                for metric in self.metrics
            ],
        }
        if self.dimensions:
            job["dimensionNameRequirements"] = list(self.dimensions)
        return job


JOBS = (
    MetricsJob(
        namespace="AWS/RDS",
        metrics=("DatabaseConnections", "FreeStorageSpace", "CPUUtilization"),
        statistic="Average",
        period_seconds=POLL_SECONDS,
        length_seconds=2 * POLL_SECONDS,  # the newest step may not be there yet
        # RDS publishes the same metrics by class and by engine, too.
        dimensions=("DBInstanceIdentifier",),
        missing_is_zero=False,
    ),
    MetricsJob(
        namespace="AWS/ApplicationELB",
        metrics=("HTTPCode_ELB_5XX_Count", "TargetConnectionErrorCount"),
        statistic="Sum",
        period_seconds=POLL_SECONDS,
        length_seconds=POLL_SECONDS,
        # The same metrics exist by zone and by target group, too.
        dimensions=("LoadBalancer",),
        missing_is_zero=True,  # CloudWatch has no point for minutes without an error
    ),
    MetricsJob(
        namespace="AWS/Backup",
        metrics=(
            "NumberOfBackupJobsCompleted",
            "NumberOfBackupJobsFailed",
            "NumberOfBackupJobsExpired",
            "NumberOfCopyJobsCompleted",
            "NumberOfCopyJobsFailed",
        ),
        statistic="Sum",
        # A period of a day would give yesterday's sum, and show a missing backup a day late.
        period_seconds=_HOUR,
        length_seconds=_HOUR,
        # The metrics have the vault alone, or the vault (of a copy: its destination) and the type; none
        # has the bucket (CloudWatch's guide, enriched metrics of AWS/Backup; AWS Backup's, its metrics).
        dimensions=("BackupVaultName", "ResourceType"),
        missing_is_zero=True,
    ),
    MetricsJob(
        namespace=CLOUDWATCH_NAMESPACE,
        metrics=(CLICKHOUSE_BACKUPS_METRIC,),
        statistic="Sum",
        period_seconds=_HOUR,
        length_seconds=_HOUR,
        dimensions=(),
        missing_is_zero=True,
    ),
    MetricsJob(
        namespace=CLOUDWATCH_NAMESPACE,
        metrics=(LAST_RESTORE_METRIC,),
        statistic="Maximum",
        # The value itself is a time, so the newest one may be exported for as long as CloudWatch lists the
        # metric: two weeks (API reference, ListMetrics). A restart of Prometheus loses nothing.
        period_seconds=6 * _HOUR,
        length_seconds=14 * _DAY,
        dimensions=("Store",),
        missing_is_zero=False,
    ),
    MetricsJob(
        namespace="AWS/CertificateManager",
        metrics=("DaysToExpiry",),
        statistic="Minimum",
        period_seconds=_DAY,
        length_seconds=2 * _DAY,  # published once or twice a day
        dimensions=("CertificateArn",),
        missing_is_zero=False,
    ),
    MetricsJob(
        namespace="AWS/Billing",
        metrics=("EstimatedCharges",),
        statistic="Maximum",
        period_seconds=6 * _HOUR,
        length_seconds=_DAY,  # published several times a day
        dimensions=("Currency",),  # the account; the same metric exists by service, too
        missing_is_zero=False,
        # The bills of all regions are there (CloudWatch user guide, "Create a billing alarm").
        region="us-east-1",
    ),
)


def chart(names: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.CLOUDWATCH_EXPORTER,
        namespace=CLOUDWATCH_EXPORTER.namespace,
        values=_values(region=names.env.account.region),
    )


def _values(*, region: str) -> Values:
    return {
        # One: a second replica would request the same metrics and double the cost.
        "replicaCount": 1,
        "testConnection": False,
        "serviceAccount": {
            "create": True,
            "name": CLOUDWATCH_EXPORTER.name,
            # It does not use the Kubernetes API; EKS Pod Identity mounts another token.
            "automountServiceAccountToken": False,
        },
        "extraArgs": {"scraping-interval": POLL_SECONDS},
        "config": to_yaml(
            {
                "apiVersion": "v1alpha1",
                "sts-region": region,
                "customNamespace": [job.to_config(region=region) for job in JOBS],
            }
        ),
        "serviceMonitor": {"enabled": True},
        "resources": EXPORTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": {MONITORING_LABEL: MonitoringPart.CLOUDWATCH_EXPORTER},
        # Kubernetes' own default. The chart gets the key, and "Default" (the node's resolver) as its value,
        # with prometheus-community/helm-charts#7168; the network policies allow the cluster's DNS only.
        "dnsPolicy": "ClusterFirst",
        "podSecurityContext": {"runAsUser": _USER, "runAsGroup": _USER, **POD_SECURITY},
        "securityContext": CONTAINER_SECURITY,
    }
