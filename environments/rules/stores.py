"""PostgreSQL, the queue, ClickHouse, and the backups of what they hold."""

import re
from collections.abc import Iterator

from environments import catalog
from environments.rules.values import nearest_or_add
from environments.spec import Environment, Tier


def problems(env: Environment) -> Iterator[str]:
    database, queue, clickhouse = env.database, env.queue, env.clickhouse
    if database.instance_class not in catalog.DATABASE_CLASSES:
        yield (
            f"database.instance_class: {database.instance_class!r} is unknown; use one of "
            f"{', '.join(sorted(catalog.DATABASE_CLASSES))}"
        )
    if database.engine_version not in catalog.POSTGRES_MAJORS:
        yield (
            f"database.engine_version: {database.engine_version!r} is not a major that RDS supports; RDS applies "
            f"minors by itself, use one of {', '.join(catalog.POSTGRES_MAJORS)}"
        )
    if database.storage_gib < 20:
        yield f"database.storage_gib: {database.storage_gib} GiB; gp3 on RDS starts at 20"
    if database.max_storage_gib < database.storage_gib * 1.26:
        yield (
            f"database.max_storage_gib: {database.max_storage_gib} GiB leaves no room to grow; RDS "
            f"requires 26 % above storage_gib, use at least {int(database.storage_gib * 1.26) + 1}"
        )
    if (
        database.performance_insights_retention_days
        not in catalog.PERFORMANCE_INSIGHTS_RETENTION_DAYS
    ):
        yield (
            "database.performance_insights_retention_days: "
            f"{database.performance_insights_retention_days} is refused by AWS; use 7, 731 or a "
            "multiple of 31"
        )
    if queue.node_type not in catalog.CACHE_NODE_TYPES:
        yield (
            f"queue.node_type: {queue.node_type!r} is unknown; use one of "
            f"{', '.join(sorted(catalog.CACHE_NODE_TYPES))}"
        )
    if queue.engine_version not in catalog.VALKEY_VERSIONS:
        yield (
            f"queue.engine_version: {queue.engine_version!r} is not major.minor of a Valkey that ElastiCache has; "
            f"it applies patches by itself, use one of {', '.join(catalog.VALKEY_VERSIONS)}"
        )
    if not 0 <= queue.replicas <= 5:
        yield f"queue.replicas: {queue.replicas}; ElastiCache allows 0 to 5"
    if clickhouse.instance_type not in catalog.INSTANCE_TYPES:
        yield (
            f"clickhouse.instance_type: {clickhouse.instance_type!r} is unknown; "
            f"{nearest_or_add(clickhouse.instance_type)}"
        )
    release = re.fullmatch(r"([0-9]+\.[0-9]+)\.[0-9]+\.[0-9]+", clickhouse.version)
    if release is None or release[1] not in catalog.CLICKHOUSE_LTS:
        yield (
            f"clickhouse.version: {clickhouse.version!r} is not a package of a release with long-term support "
            f"({', '.join(catalog.CLICKHOUSE_LTS)}); write all four numbers, as in '26.8.15.10'"
        )
    if clickhouse.nodes not in (1, 3, 5):
        yield f"clickhouse.nodes: {clickhouse.nodes} cannot form a Keeper quorum; use 1, 3 or 5"
    if not 1 <= clickhouse.admitted_nodes <= clickhouse.nodes:
        yield (
            f"clickhouse.admitted_nodes: {clickhouse.admitted_nodes} of {clickhouse.nodes} nodes; use 1 "
            "to clickhouse.nodes, and less than all only while nodes are added (docs/clickhouse.md)"
        )
    if clickhouse.data_volume_gib < 10:
        yield f"clickhouse.data_volume_gib: {clickhouse.data_volume_gib} GiB; use at least 10"
    if (env.account.backup_copy_region is None) != (env.backup.copy_retention_days == 0):
        yield (
            f"backup.copy_retention_days: {env.backup.copy_retention_days} with the copy region "
            f"{env.account.backup_copy_region!r}; set both, or account.backup_copy_region to None and this to 0"
        )
    if 0 < env.backup.monthly_retention_days < env.backup.daily_retention_days:
        yield (
            f"backup.monthly_retention_days: {env.backup.monthly_retention_days} days, less than the daily backups' "
            f"{env.backup.daily_retention_days}, and a locked vault refuses such a backup; use more, or 0 for none"
        )
    if env.tier is Tier.PRODUCTION:
        if not database.multi_az:
            yield "database.multi_az: False in production; a zone loss would stop the API, set it to True"
        if not database.deletion_protection:
            yield "database.deletion_protection: False in production; set it to True"
        if queue.replicas == 0:
            yield "queue.replicas: 0 in production; a zone loss would lose the queue, use at least 1"
        if clickhouse.nodes == 1:
            yield "clickhouse.nodes: 1 in production; a node loss would lose results, use 3"
        elif clickhouse.admitted_nodes < 3:
            yield (
                f"clickhouse.admitted_nodes: {clickhouse.admitted_nodes} in production; a node loss would "
                "stop inserts or lose results, use at least 3"
            )
        if env.account.backup_copy_region is None or env.backup.copy_retention_days < 1:
            yield (
                "backup.copy_retention_days: production keeps a copy in a second region; set "
                "account.backup_copy_region and a retention"
            )
        if not env.backup.vault_locked:
            yield (
                "backup.vault_locked: False in production; anyone who can delete data could delete its "
                "backups, set it to True"
            )
