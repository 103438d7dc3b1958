"""Backups: whether everything was backed up, copied to the other region and can be restored, and what failed.

CloudWatch counts the backups of all buckets together: its dimensions are the vault and the type of
resource (see `argocd/addons/cloudwatch_exporter.py`). A bucket without a backup lowers the count.
"""

from collections.abc import Mapping

from dashboards.observable import Alert, Observable, Promql, Severity, Threshold, Unit
from environments.names import BACKED_UP_BUCKETS, RESTORED_STORES
from environments.spec import Environment

# What the plans back up daily: type → how many (stacks/backup.py).
BACKED_UP = {"RDS": 1, "S3": len(BACKED_UP_BUCKETS)}

_COMPLETED = "aws_backup_number_of_backup_jobs_completed_sum"
_FAILED = "aws_backup_number_of_backup_jobs_failed_sum"
_EXPIRED = "aws_backup_number_of_backup_jobs_expired_sum"
_COPIED = "aws_backup_number_of_copy_jobs_completed_sum"
_NOT_COPIED = "aws_backup_number_of_copy_jobs_failed_sum"
_CLICKHOUSE = "aws_eval_platform_clickhouse_backups_completed_sum"
_RESTORED = "aws_eval_platform_last_restore_maximum"
_TYPE = "dimension_ResourceType"
_STORE = "dimension_Store"
# A week, and a day and a half to repair what failed: the drill runs on Tuesdays (docs/restore-drill.md).
_RESTORED_WITHIN = 8.5 * 86_400


def observables(env: Environment) -> tuple[Observable, ...]:
    return (_backups(), _copies(env), _failures(), _restores())


def _backups() -> Observable:
    return Observable(
        id="backups",
        title="Backups completed within a day",
        meaning=(
            f"One a day of the database, of each of {BACKED_UP['S3']} buckets, and of ClickHouse, whose "
            "nodes make their own backups. CloudWatch has no dimension for the bucket, so all buckets "
            "are counted together."
        ),
        queries=(
            Promql(expr=f"max by ({_TYPE}) ({_in_a_day(_COMPLETED)})", legend=f"{{{{{_TYPE}}}}}"),
            Promql(expr=f"max({_in_a_day(_CLICKHOUSE)})", legend="ClickHouse"),
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(value=1, severity=Severity.CRITICAL, reason="each needs one backup a day"),
        ),
        higher_is_better=True,
        what_to_do=(
            "An environment that was created today has its first backups tonight.",
            "RDS, S3: `aws backup list-backup-jobs --by-state FAILED`: the message contains the reason. If "
            "none failed, find the bucket without a job; it may be missing in the plan's selection.",
            "Run `aws backup start-backup-job` for what has no backup; then correct the plan.",
            "ClickHouse: `journalctl -u 'clickhouse-task@backup'` on each node, and docs/clickhouse.md, "
            "*Backup*. A node that was set up before this alert does not report its backups: replace it.",
        ),
        other_alerts=(
            *(
                _missing(
                    f"BackupMissing{kind.capitalize()}",
                    of=f"Backups of {kind}",
                    metric=f'{_COMPLETED}{{{_TYPE}="{kind}"}}',
                    least=count,
                    severity=Severity.CRITICAL,
                )
                for kind, count in BACKED_UP.items()
            ),
            _missing(
                "BackupMissingClickhouse",
                of="Backups of ClickHouse",
                metric=_CLICKHOUSE,
                least=1,
                severity=Severity.CRITICAL,
            ),
        ),
    )


def _copies(env: Environment) -> Observable:
    copied = _copied(env)
    return Observable(
        id="backup-copies",
        title="Copies of backups within a day",
        meaning="Backups of a day that were copied to the other region, if the environment has one.",
        queries=(
            Promql(expr=f"max by ({_TYPE}) ({_in_a_day(_COPIED)})", legend=f"{{{{{_TYPE}}}}}"),
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=min(copied.values()),
                severity=Severity.WARNING,
                reason="a copy of each day's backup"
                if any(copied.values())
                else "nothing is copied",
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "Check that the backup itself exists: *Backups completed within a day*.",
            "`aws backup list-copy-jobs --by-state FAILED`: the message contains the reason; often it is the "
            "key or the vault in the other region.",
        ),
        other_alerts=tuple(
            _missing(
                f"BackupCopyMissing{kind.capitalize()}",
                of=f"Copies of {kind} in the other region",
                metric=f'{_COPIED}{{{_TYPE}="{kind}"}}',
                least=count,
                severity=Severity.WARNING,
            )
            for kind, count in copied.items()
        ),
    )


def _failures() -> Observable:
    failed, expired, not_copied = map(_worst_of_a_day, (_FAILED, _EXPIRED, _NOT_COPIED))
    return Observable(
        id="backup-failures",
        title="Backups and copies that failed within a day",
        meaning="Jobs of AWS Backup that failed or did not start in time, in the worst hour of the day.",
        queries=(
            Promql(expr=failed, legend=f"{{{{{_TYPE}}}}}: failed"),
            Promql(expr=expired, legend=f"{{{{{_TYPE}}}}}: did not start"),
            Promql(expr=not_copied, legend=f"{{{{{_TYPE}}}}}: not copied"),
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=1,
                severity=Severity.WARNING,
                reason="that day has a gap until the job is repeated",
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "`aws backup list-backup-jobs --by-state FAILED` (or `EXPIRED`), `aws backup list-copy-jobs "
            "--by-state FAILED`: the message contains the reason and the bucket.",
            "Expired: RDS starts no job in its own backup and maintenance windows, or in the hour before.",
            "Repeat it: `aws backup start-backup-job`, `aws backup start-copy-job`. AWS Backup itself tries "
            "again only on the next day.",
        ),
        other_alerts=(
            Alert(
                name="BackupJobFailed",
                expr=f"{failed} > 0 or {expired} > 0",
                for_minutes=1,
                severity=Severity.WARNING,
                summary=f"A backup of {{{{ $labels.{_TYPE} }}}} failed or did not start",
                description="This happened within the last day; AWS Backup does not repeat the job by itself.",
            ),
            Alert(
                name="BackupCopyFailed",
                expr=f"{not_copied} > 0",
                for_minutes=1,
                severity=Severity.WARNING,
                summary=f"A backup of {{{{ $labels.{_TYPE} }}}} was not copied to the other region",
                description="The copy failed within the last day; the backup itself exists.",
            ),
        ),
    )


def _restores() -> Observable:
    return Observable(
        id="restores",
        title="Time since a backup was last restored and checked",
        meaning=(
            "The restore drill restores the newest backup of each store once a week, checks its rows, and "
            "removes what it restored. Without a successful drill nobody has seen that a backup works."
        ),
        queries=(
            Promql(
                expr=f"time() - max by ({_STORE}) (max_over_time({_RESTORED}[12h]))",
                legend=f"{{{{{_STORE}}}}}",
            ),
        ),
        unit=Unit.SECONDS,
        thresholds=(
            Threshold(
                value=_RESTORED_WITHIN,
                severity=Severity.WARNING,
                reason="a drill a week, and a day and a half to repair what failed",
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "On node 1 of ClickHouse: `journalctl -u clickhouse-task@drill-clickhouse -u "
            "clickhouse-task@drill-postgres`. The last line of a failed drill is the reason.",
            "Find the reason in docs/restore-drill.md, *When a drill fails*, and remove it.",
            "Repeat the drill: `systemctl start clickhouse-task@drill-clickhouse` or `…@drill-postgres`. The "
            "alert ends up to six hours after a success, when CloudWatch's period is full.",
            "No such unit: the node was set up before the drill existed. Replace it (docs/clickhouse.md, "
            "*Replacing a node*).",
        ),
        other_alerts=tuple(
            Alert(
                name=f"RestoreUnproven{name}",
                # Fires too when the time is missing or is no number.
                expr=(
                    f'absent(max(max_over_time({_RESTORED}{{{_STORE}="{store}"}}[12h])) '
                    f">= time() - {_RESTORED_WITHIN:.0f})"
                ),
                for_minutes=60,
                severity=Severity.WARNING,
                summary=f"No backup of {store} was restored and checked for eight and a half days",
                description="Either the weekly restore drill fails, or it does not run.",
            )
            for name, store in zip(("Clickhouse", "Rds"), RESTORED_STORES, strict=True)
        ),
    )


def _copied(env: Environment) -> Mapping[str, int]:
    """0 where nothing is copied: runbooks need the same alerts in every environment."""
    return BACKED_UP if env.account.backup_copy_region else dict.fromkeys(BACKED_UP, 0)


def _missing(name: str, *, of: str, metric: str, least: int, severity: Severity) -> Alert:
    """Jobs end at different hours, so this takes the best daily sum of the last twelve hours."""
    return Alert(
        name=name,
        expr=f"(max(max_over_time({_in_a_day(metric)}[12h:1h])) or vector(0)) < {least}",
        for_minutes=60,
        severity=severity,
        summary=f"{of} are missing: fewer than {least} a day for a day and a half",
        description="Either jobs did not complete or their metric is missing.",
    )


def _in_a_day(metric: str) -> str:
    # An hour's sum is exported for an hour. The window is 23 hours, not 24: before Prometheus 3 both ends
    # count, so 24 would contain the same hour of two days.
    return f"sum_over_time({metric}[23h:1h])"


def _worst_of_a_day(metric: str) -> str:
    return f"max by ({_TYPE}) (max_over_time({metric}[1d]))"
