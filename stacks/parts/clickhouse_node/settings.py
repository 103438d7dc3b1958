"""Values that a node's configuration, its scripts and its stack share."""

from dataclasses import dataclass

from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
    POSTGRES_DATABASE,
    Names,
    Secret,
)

# Ports between nodes.
INTERSERVER_PORT = 9010
KEEPER_PORT = 9281
RAFT_PORT = 9234

ADMIN_USER = "eval_admin"
# ClickHouse's users, each with the secret that holds its password.
ACCOUNTS = (
    (CLICKHOUSE_APP_USER, Secret.CLICKHOUSE),
    (CLICKHOUSE_SCHEMA_USER, Secret.CLICKHOUSE_SCHEMA),
    (CLICKHOUSE_READER, Secret.CLICKHOUSE_READER),
    (ADMIN_USER, Secret.CLICKHOUSE_ADMIN),
)
BACKUP_PREFIX = "clickhouse"  # in the bucket for backups

# The restore drills. Their alert allows a day and a half after a week.
DRILL_SECONDS = (
    2 * 3600
)  # for the restore, and again for the deletion: what a drill's instance can cost
DRILL_BACKUP_HOURS = 36  # one a day, and BackupMissing… fires as late
DRILL_ROW_DAYS = 7  # a week without any evaluation is no state in which a backup proves anything
# Tables of PostgreSQL, each with the column that has the time of a new row (workload/migrations/).
POSTGRES_ROWS = (
    f"{POSTGRES_DATABASE}.test_runs:created_at",
    f"{POSTGRES_DATABASE}.jobs:recorded_at",
)
RDS_AUTHORITIES = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
PSQL_PACKAGE = "postgresql17"  # of Amazon Linux 2023; it reads newer servers, too

ROOT_VOLUME_GIB = 30  # the system and ClickHouse's logs; the data has its own volume
DATA_FOLDER = "/var/lib/clickhouse"  # where the data volume is mounted; Keeper's data is on it too
SERVER_FOLDER = "/etc/clickhouse-server"
TLS_FOLDER = f"{SERVER_FOLDER}/tls"
SCRIPT_FOLDER = "/usr/local/lib/clickhouse-node"
ENVIRONMENT_FILE = "/etc/clickhouse-node/node.env"

REPOSITORY = "https://packages.clickhouse.com/rpm/lts"
# The key of ClickHouse Inc. that signs the index of that repository.
REPOSITORY_KEY = "3A9EA1193A97B548BE1457D48919F6BD2B48D754"
REPOSITORY_KEY_FILE = "/etc/pki/rpm-gpg/RPM-GPG-KEY-clickhouse"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node of one environment, counted from 1."""

    names: Names
    index: int

    @property
    def host(self) -> str:
        return self.names.clickhouse_hosts[self.index - 1]
