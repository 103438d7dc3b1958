#!/usr/bin/env python3
"""Replaces clickhouse-client in the job's pod: ClickHouse's own engine, in this process.

It has one node, so statements for the cluster run on this node. It appends every query to a file in the
database's folder. If that folder has a file named `stop`, it ends at an INSERT.
"""

import os
import sys
from pathlib import Path

from chdb.state import connect

from evalctl.local_servers.clickhouse_tables import on_one_node

FOLDER = Path(os.environ["ENGINE"])


def main() -> None:
    _, config_option, config, kind, value = sys.argv
    assert config_option == "--config-file"
    assert Path(config).exists()
    sql = value if kind == "--query" else Path(value).read_text()
    with (FOLDER / "queries").open("a") as log:
        log.write((sql if kind == "--query" else Path(value).name) + "\n")
    if sql.startswith("INSERT") and (FOLDER / "stop").exists():
        sys.exit("Code: 210. DB::NetException: Connection refused")
    connection = connect(str(FOLDER / "database"))
    connection.query("CREATE DATABASE IF NOT EXISTS eval_platform ENGINE = Atomic")
    sys.stdout.write(str(connection.query(on_one_node(sql), "TSVRaw")).lstrip("\n"))
    sys.stdout.flush()
    os._exit(0)  # closing the connection would wait two seconds for background threads


main()
