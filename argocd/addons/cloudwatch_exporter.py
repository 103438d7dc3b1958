"""YACE: what AWS itself measures about the database, backups and certificates (B13, B14).

It asks CloudWatch by namespace, not by tag: certificates are made by people, who may not tag them, and
the role needs no right to list the account's resources. A call costs by the metrics it asks for, 0.01
USD per thousand (aws.amazon.com/cloudwatch/pricing). About fifteen of them every five minutes are some
130,000 a month, 1.30 dollars; every 30 seconds, as often as Prometheus scrapes, it would be thirteen.
What Prometheus scrapes is the last answer and costs nothing.

Value keys: `charts/prometheus-yet-another-cloudwatch-exporter` of prometheus-community/helm-charts, read
at 0.50. Names of metrics and labels: `pkg/promutil` of prometheus-community/yet-another-cloudwatch-exporter;
a test spells them the same way and compares them with the contract.
"""

from dataclasses import dataclass

from argocd.addons.release import Release
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
class Asked:
    """Metrics of one CloudWatch namespace.

    Each question covers `length_seconds` in steps of `period_seconds`, up to the last full step (whole
    hours or days of UTC), and the newest answer is told.
    """

    namespace: str
    metrics: tuple[str, ...]
    statistic: str
    period_seconds: int
    length_seconds: int
    dimensions: tuple[str, ...]  # exactly these; none: whatever the metric comes with
    missing_is_zero: bool

    def to_job(self, *, region: str) -> Values:
        job: Values = {
            "name": self.namespace.rpartition("/")[2].lower(),
            "namespace": self.namespace,
            "regions": [region],
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


ASKED = (
    Asked(
        namespace="AWS/RDS",
        metrics=("DatabaseConnections", "FreeStorageSpace", "CPUUtilization"),
        statistic="Average",
        period_seconds=POLL_SECONDS,
        length_seconds=2 * POLL_SECONDS,  # the newest step may not be there yet
        # RDS tells the same by class and by engine, too.
        dimensions=("DBInstanceIdentifier",),
        missing_is_zero=False,
    ),
    Asked(
        namespace="AWS/Backup",
        metrics=(
            "NumberOfBackupJobsCompleted",
            "NumberOfBackupJobsFailed",
            "NumberOfBackupJobsExpired",
            "NumberOfCopyJobsCompleted",
            "NumberOfCopyJobsFailed",
        ),
        statistic="Sum",
        # By the day it would be yesterday's sum, and a missing backup would show a day late.
        period_seconds=_HOUR,
        length_seconds=_HOUR,
        # The vault alone, or the vault (of a copy: where it goes) and the type; nothing tells one bucket
        # from another (CloudWatch's guide, enriched metrics of AWS/Backup; AWS Backup's, its metrics).
        dimensions=("BackupVaultName", "ResourceType"),
        missing_is_zero=True,
    ),
    Asked(
        namespace=CLOUDWATCH_NAMESPACE,
        metrics=(CLICKHOUSE_BACKUPS_METRIC,),
        statistic="Sum",
        period_seconds=_HOUR,
        length_seconds=_HOUR,
        dimensions=(),
        missing_is_zero=True,
    ),
    Asked(
        namespace="AWS/CertificateManager",
        metrics=("DaysToExpiry",),
        statistic="Minimum",
        period_seconds=_DAY,
        length_seconds=2 * _DAY,  # told once or twice a day
        dimensions=("CertificateArn",),
        missing_is_zero=False,
    ),
)


def release(names: Names) -> Release:
    return Release(
        addon=Addon.CLOUDWATCH_EXPORTER,
        namespace=CLOUDWATCH_EXPORTER.namespace,
        values=_values(region=names.env.account.region),
    )


def _values(*, region: str) -> Values:
    return {
        # One: a second would ask, and pay for, the same numbers.
        "replicaCount": 1,
        "useStatefulSet": False,
        "testConnection": False,
        "serviceAccount": {
            "create": True,
            "name": CLOUDWATCH_EXPORTER.name,
            # It never asks Kubernetes; EKS Pod Identity mounts a token of its own.
            "automountServiceAccountToken": False,
        },
        "extraArgs": {"scraping-interval": POLL_SECONDS},
        "config": to_yaml(
            {
                "apiVersion": "v1alpha1",
                "sts-region": region,
                "customNamespace": [asked.to_job(region=region) for asked in ASKED],
            }
        ),
        # Both are made unasked by some versions of the chart, and not by others.
        "configMap": {"enabled": True},
        "service": {"enabled": True, "type": "ClusterIP"},
        "serviceMonitor": {"enabled": True},
        "resources": EXPORTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": {MONITORING_LABEL: MonitoringPart.CLOUDWATCH_EXPORTER},
        "podSecurityContext": {"runAsUser": _USER, "runAsGroup": _USER, **POD_SECURITY},
        "securityContext": CONTAINER_SECURITY,
    }
