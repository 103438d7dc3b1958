"""Alembic's entry: runs the migrations in the transaction of `workload.database.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
