"""Connections that the stores take, beside the pods that connect."""

from collections.abc import Iterator

from environments.demands.demand import Demand
from environments.spec import Environment

# RDS reserves some connections (rds.rds_superuser_reserved_connections and its monitoring).
_RESERVED_CONNECTIONS = 10
# Of a node (ElastiCache user guide, "Large number of connections").
_VALKEY_CONNECTIONS = 65_000
# A server's default (`max_connections` in system.server_settings of 26.9), which no file of ours changes.
_CLICKHOUSE_CONNECTIONS = 4_096
# A rolling update of the orchestrator starts one more pod (k8s/orchestrator.py, maxSurge).
_SURGE = 1
# Jobs that connect to PostgreSQL and ClickHouse during a sync: database-users and clickhouse-schema.
_JOBS = 2


def demands(env: Environment) -> Iterator[Demand]:
    """At least one for each pod that may run at once; a program's pool may have as many as are left."""
    pods = env.orchestrator.replicas + _SURGE + env.worker.most_at_once
    counted = (
        f"one for each pod: {env.orchestrator.replicas} orchestrators and {_SURGE} in a rollout, "
        f"{env.worker.max_replicas} workers and {env.worker.most_at_once - env.worker.max_replicas} that drain"
    )
    has = env.database.max_connections
    yield Demand(
        what="PostgreSQL connections",
        needs=pods + _RESERVED_CONNECTIONS,
        has=has,
        counted=f"{counted}, {_RESERVED_CONNECTIONS} for RDS and people; a pod's pool may have "
        f"{max(has - _RESERVED_CONNECTIONS, 0) // pods}",
        problem=f"database.max_connections: {has} is less than one for each of {pods} pods and {_RESERVED_CONNECTIONS} "
        "for RDS and people; use more",
    )
    for store, most, field in (
        ("Valkey", _VALKEY_CONNECTIONS, "worker.max_replicas"),
        ("ClickHouse", _CLICKHOUSE_CONNECTIONS, "worker.max_replicas"),
    ):
        yield Demand(
            what=f"{store} connections",
            needs=pods + _JOBS,
            has=most,
            counted=f"{counted}, {_JOBS} jobs; a pod's pool may have {most // (pods + _JOBS)}",
            problem=f"{field}: {pods + _JOBS} pods connect to {store}, which takes {most} connections; lower it",
        )
