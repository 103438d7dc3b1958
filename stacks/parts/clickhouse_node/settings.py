"""Values that a node's configuration, its scripts and its stack share."""

from dataclasses import dataclass

from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
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
