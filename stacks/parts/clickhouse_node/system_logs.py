"""ClickHouse's own logs, which are tables in its database `system`: how long each is kept, if at all.

A log without a decision would grow until the volume is full: the package's configuration switches many
on, and sets no TTL.
"""

# The minors whose list of logs was read: `LIST_OF_ALL_SYSTEM_LOGS` in ClickHouse's file
# src/Interpreters/SystemLog.h. A new minor may have new logs. Patches have none.
READ_FOR = ("26.8",)

KEPT_DAYS = {
    "query_log": 30,
    "part_log": 30,
    "error_log": 30,
    "crash_log": 30,
    "backup_log": 30,
    "metric_log": 7,
    "asynchronous_metric_log": 7,
}

REMOVED = (
    "aggregated_zookeeper_log",
    "asynchronous_insert_log",
    "azure_queue_log",
    "background_schedule_pool_log",
    "blob_storage_log",
    "bucketed_metric_log",
    "dead_letter_queue",
    "delta_lake_metadata_log",
    "filesystem_cache_log",
    "filesystem_read_prefetches_log",
    "iceberg_metadata_log",
    "opentelemetry_span_log",
    "predicate_statistics_log",
    "processors_profile_log",
    "query_metric_log",
    "query_thread_log",
    "query_views_log",
    "s3queue_log",
    "session_log",
    "text_log",
    "trace_log",
    "transactions_info_log",
    "transposed_metric_log",
    "zookeeper_connection_log",
    "zookeeper_log",
)


def sections() -> tuple[str, ...]:
    """One section of ClickHouse's configuration for each log; a removed one is written no more."""
    return (
        *(
            f"<{log}><ttl>event_date + INTERVAL {days} DAY DELETE</ttl></{log}>"
            for log, days in KEPT_DAYS.items()
        ),
        *(f'<{log} remove="1"/>' for log in REMOVED),
    )
