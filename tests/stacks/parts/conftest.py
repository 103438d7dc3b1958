"""Nodes in folders, and ClickHouse's own engine for their scripts."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
    Names,
    Secret,
)
from environments.prod import PROD
from stacks.parts.clickhouse_node import settings
from tests.stacks.parts.fake_node import FakeNode, node_files
from tests.support import tools

MakeNode = Callable[..., FakeNode]


@pytest.fixture
def make_node(tmp_path: Path) -> MakeNode:
    """Makes node 1, 2 or 3 of production; the nodes of a test share their secrets and buckets."""

    def make(index: int = 1) -> FakeNode:
        return FakeNode(
            names=Names(PROD),
            index=index,
            folder=tmp_path / f"node-{index}",
            cloud=tmp_path / "cloud",
        )

    return make


@pytest.fixture
def accounts(make_node: MakeNode) -> FakeNode:
    tools.program("jq", get_it="apt-get install jq")
    node = make_node()
    node.set_password(Secret.CLICKHOUSE, CLICKHOUSE_APP_USER, "app-now")
    node.set_password(Secret.CLICKHOUSE_SCHEMA, CLICKHOUSE_SCHEMA_USER, "schema-now")
    node.set_password(Secret.CLICKHOUSE_READER, CLICKHOUSE_READER, "reader-now")
    node.set_password(Secret.CLICKHOUSE_ADMIN, settings.ADMIN_USER, "admin-now")
    node.set_password(Secret.CLICKHOUSE_INTERSERVER, "interserver", "nodes-now")
    return node


@pytest.fixture
def engine(accounts: FakeNode) -> dict[str, str]:
    """Environment for the node's client that makes it run queries in ClickHouse's embedded engine.

    The engine has the node's configuration, with open ports like the package's own configuration and
    a folder instead of the disk in S3.
    """
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("chdb, ClickHouse's engine for Python, is not installed: pip install chdb")
    assert accounts.run("accounts.sh").returncode == 0
    folder = accounts.folder
    for path, content in node_files(accounts.names).items():
        if path.startswith(settings.SERVER_FOLDER):
            target = folder / Path(path).relative_to(settings.SERVER_FOLDER)
            # The embedded engine runs queries as the user `default`, which the server removes.
            target.write_text(content.replace('<default remove="1"/>', ""))
    (folder / "config.xml").write_text(
        f"""<clickhouse>
          <http_port>8123</http_port>
          <macros><old>1</old></macros>
          <remote_servers><default><shard><replica><host>localhost</host><port>9000</port></replica>
          </shard></default></remote_servers>
          <users_config>{folder / "users.xml"}</users_config>
          <user_directories><users_xml><path>{folder / "users.xml"}</path></users_xml></user_directories>
        </clickhouse>"""
    )
    (folder / "users.xml").write_text(
        """<clickhouse><profiles><default/></profiles><quotas><default/></quotas>
          <users><default><password/><profile>default</profile><quota>default</quota>
          <networks><ip>::/0</ip></networks><access_management>1</access_management></default></users></clickhouse>"""
    )
    (folder / "config.d" / "99-test.xml").write_text(
        f"""<clickhouse><path>{folder / "engine"}/</path><storage_configuration><disks>
          <backups replace="1"><type>local</type><path>{folder / "backups"}/</path></backups>
        </disks></storage_configuration></clickhouse>"""
    )
    (folder / "backups").mkdir()
    return {"CLICKHOUSE_CONFIG": str(folder / "config.xml")}
