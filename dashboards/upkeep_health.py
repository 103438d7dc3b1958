"""What nobody looks at until it is missing: space, backups, certificates."""

from dashboards.observable import Alert, Chart, Observable, Owner, Promql, Severity, Threshold, Unit

LEAST_FREE_SPACE = 0.1  # share of a volume
BACKUPS_PER_DAY = 1  # at least, of each kind
EXPIRY_WARNING_DAYS = 30  # ACM renews 60 days ahead
EXPIRY_CRITICAL_DAYS = 7

_BACKED_UP = ("RDS", "S3")  # what the backup plan selects (stacks/backup.py)


def observables() -> tuple[Observable, ...]:
    return (_volumes(), _backups(), _certificate())


def _volumes() -> Observable:
    free = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes"
    return Observable(
        id="volume-free",
        title="Free space of volumes in the cluster",
        meaning="Prometheus' and Alertmanager's own volumes: full, they forget what happened.",
        chart=Chart.TIME_SERIES,
        queries=(
            Promql(
                expr=f"min by (namespace, persistentvolumeclaim) ({free})",
                legend="{{persistentvolumeclaim}}",
            ),
        ),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=LEAST_FREE_SPACE,
                severity=Severity.WARNING,
                reason="Prometheus drops its oldest data at its size limit, below this line",
            ),
        ),
        higher_is_better=True,
        owner=Owner.SRE,
        what_to_do=("Raise the volume's size in the environment's value; the class may expand.",),
        alerting=(
            Alert(
                name="VolumeAlmostFull",
                expr=f"min by (namespace, persistentvolumeclaim) ({free}) < {LEAST_FREE_SPACE}",
                for_minutes=15,
                severity=Severity.WARNING,
                summary=(
                    "{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left"
                ),
                description="The volume in namespace {{ $labels.namespace }} is almost full.",
            ),
        ),
    )


def _backups() -> Observable:
    completed = "aws_backup_number_of_backup_jobs_completed_sum"
    return Observable(
        id="backups",
        title="Backups completed within a day",
        meaning="Backup jobs that AWS Backup completed, for the database and for buckets (B14).",
        chart=Chart.TIME_SERIES,
        queries=(
            Promql(
                # By the hour, as it is told, and perhaps for the vault and the type once more.
                expr=(
                    "max by (dimension_ResourceType) "
                    f'(max_over_time({completed}{{dimension_ResourceType!=""}}[1d]))'
                ),
                legend="{{dimension_ResourceType}}",
            ),
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=BACKUPS_PER_DAY,
                severity=Severity.CRITICAL,
                reason="one backup a day is promised",
            ),
        ),
        higher_is_better=True,
        owner=Owner.SRE,
        what_to_do=(
            "`aws backup list-backup-jobs --by-state FAILED`: the message says why.",
            "`aws backup start-backup-job` for what has none; then mend the plan.",
        ),
        alerting=tuple(
            Alert(
                name=f"BackupMissing{kind.capitalize()}",
                expr=(
                    f'(max(max_over_time({completed}{{dimension_ResourceType="{kind}"}}[36h]))'
                    f" or vector(0)) < {BACKUPS_PER_DAY}"
                ),
                for_minutes=60,
                severity=Severity.CRITICAL,
                summary=f"No backup of {kind} was seen for a day and a half",
                description="Either no backup job completed or its metric no longer arrives.",
            )
            for kind in _BACKED_UP
        ),
    )


def _certificate() -> Observable:
    days = "min(aws_certificatemanager_days_to_expiry_minimum)"
    return Observable(
        id="certificate",
        title="Certificate of the API",
        meaning="Days until the load balancer's certificate expires; ACM renews it 60 days ahead.",
        chart=Chart.STAT,
        queries=(Promql(expr=days, legend="days"),),
        unit=Unit.DAYS,
        thresholds=(
            Threshold(
                value=EXPIRY_WARNING_DAYS,
                severity=Severity.WARNING,
                reason="ACM has failed to renew it for a month",
            ),
            Threshold(
                value=EXPIRY_CRITICAL_DAYS,
                severity=Severity.CRITICAL,
                reason="a week to do it by hand",
            ),
        ),
        higher_is_better=True,
        owner=Owner.SRE,
        what_to_do=(
            "`aws acm describe-certificate`: the renewal summary says why; usually the DNS record "
            "that proves the name is gone.",
        ),
        alerting=(
            Alert(
                name="CertificateNotRenewed",
                expr=f"{days} < {EXPIRY_WARNING_DAYS}",
                for_minutes=60,
                severity=Severity.WARNING,
                summary="The API's certificate expires in {{ $value | humanize }} days",
                description="ACM should have renewed it a month ago.",
            ),
            Alert(
                name="CertificateExpires",
                expr=f"{days} < {EXPIRY_CRITICAL_DAYS}",
                for_minutes=60,
                severity=Severity.CRITICAL,
                summary="The API's certificate expires in {{ $value | humanize }} days",
                description="Nobody reaches the API once it has.",
            ),
        ),
    )
