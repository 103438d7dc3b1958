"""PostgreSQL: a pool whose new connections read the password again, and the migrations of its tables."""

import logging
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from workload.settings import read_secret

Connection = psycopg.Connection[DictRow]
Pool = ConnectionPool[Connection]

_CONNECT_SECONDS = 3
_MIGRATION_LOCK = 2026_11_28  # any number that no other program uses in this database


def connection_pool(url_file: Path, *, connections: int) -> Pool:
    """A pool that starts to connect at once, and works from when the database answers."""
    return ConnectionPool(
        conninfo=lambda: read_secret(url_file),
        connection_class=psycopg.Connection[DictRow],
        kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": _CONNECT_SECONDS},
        # A connection that a failover closed is replaced before it is used.
        check=ConnectionPool.check_connection,
        min_size=1,
        max_size=connections,
        timeout=_CONNECT_SECONDS,
        # The pool doubles the pause between attempts. After this time the next request begins anew, so that
        # a database that is back is in use within seconds.
        reconnect_timeout=5,
        open=True,
    )


def migrate(url_file: Path) -> None:
    """Brings the tables up to date. One program at a time does it; the others wait, and find it done."""
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(read_secret(url_file), connect_timeout=_CONNECT_SECONDS),
        poolclass=sqlalchemy.NullPool,
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "workload:migrations")
        current = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is None or current in known:
            command.upgrade(config, "head")
        else:  # a release works with the tables of the next one, so that it can come back
            logging.warning("A newer release migrated the tables to revision %s.", current)
