"""ClickHouse's own configuration: the templates in `config/` with a node's values filled in."""

from collections.abc import Iterable
from pathlib import Path
from string import Template

from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_CLUSTER,
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
    Bucket,
)
from stacks.parts.clickhouse_node import settings, system_logs
from stacks.parts.clickhouse_node.settings import Node

_TEMPLATES = Path(__file__).with_name("config")


def server_config(node: Node, *, digest: str) -> dict[str, str]:
    """Path on the node → contents. `digest` is the configuration's, for people to compare."""
    values = _values(node, digest)
    return {
        f"{settings.SERVER_FOLDER}/{folder}/10-{name}.xml": Template(
            (_TEMPLATES / f"{name}.xml").read_text()
        ).substitute(values)
        for folder, name in (
            ("config.d", "network"),
            ("config.d", "cluster"),
            ("config.d", "storage"),
            ("users.d", "users"),
        )
    }


def _values(node: Node, digest: str) -> dict[str, str]:
    names, env = node.names, node.names.env
    hosts = names.clickhouse_hosts
    return {
        "host": node.host,
        "index": str(node.index),
        "digest": digest,
        "cluster": CLICKHOUSE_CLUSTER,
        "database": CLICKHOUSE_DATABASE,
        "app_user": CLICKHOUSE_APP_USER,
        "schema_user": CLICKHOUSE_SCHEMA_USER,
        "reader": CLICKHOUSE_READER,
        "admin_user": settings.ADMIN_USER,
        "vpc_cidr": env.network.vpc_cidr,
        "region": env.account.region,
        "backup_bucket": names.bucket(Bucket.BACKUPS),
        "backup_prefix": settings.BACKUP_PREFIX,
        "data_folder": settings.DATA_FOLDER,
        "tls_folder": settings.TLS_FOLDER,
        "https_port": str(CLICKHOUSE_HTTPS_PORT),
        "native_port": str(CLICKHOUSE_NATIVE_TLS_PORT),
        "interserver_port": str(settings.INTERSERVER_PORT),
        "keeper_port": str(settings.KEEPER_PORT),
        "node_hosts": _lines(f"<host>{host}</host>" for host in hosts),
        "replicas": _lines(
            f"<replica><host>{host}</host><port>{CLICKHOUSE_NATIVE_TLS_PORT}</port>"
            "<secure>1</secure></replica>"
            for host in hosts
        ),
        "keepers": _lines(
            f"<node><host>{host}</host><port>{settings.KEEPER_PORT}</port><secure>1</secure></node>"
            for host in hosts
        ),
        "raft_servers": _lines(_raft_servers(node)),
        "system_logs": _lines(system_logs.sections()),
    }


def _raft_servers(node: Node) -> Iterable[str]:
    """The members of Keeper's quorum, as a node whose Keeper has no log yet must see them.

    A new node must not elect a leader: two new ones with empty logs are a majority of three, and their
    empty log would replace that of the first node. It therefore starts as a follower, which holds no
    election before a leader has called it, and lists no node that joins after it. The lists are those
    of ClickHouse's own test of a growing quorum (tests/integration/test_keeper_reconfig_add).
    """
    admitted = node.names.env.clickhouse.admitted_nodes
    joins = node.index > admitted
    hosts = node.names.clickhouse_hosts[: max(node.index, admitted)]
    for index, host in enumerate(hosts, 1):
        follower = (
            "<start_as_follower>true</start_as_follower>" if joins and index == node.index else ""
        )
        yield (
            f"<server><id>{index}</id><hostname>{host}</hostname>"
            f"<port>{settings.RAFT_PORT}</port>{follower}</server>"
        )


def _lines(elements: Iterable[str]) -> str:
    return "\n".join(elements)
