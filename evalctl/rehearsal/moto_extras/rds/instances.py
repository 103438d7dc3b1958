"""RDS instances: Performance Insights, the current default certificate authority, unique resource ids,
and restores that turn a protection off.
"""

from collections.abc import MutableMapping
from typing import Any

from moto.moto_api._internal import mock_random
from moto.rds.models import DBInstance, RDSBackend

# AWS' default. A client that requests it must not have to modify a new instance.
DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"
DEFAULT_RETENTION_DAYS = 7


class InstanceBackend(RDSBackend):
    def create_db_instance(self, db_kwargs: MutableMapping[str, Any]) -> DBInstance:
        db_kwargs.setdefault("ca_certificate_identifier", DEFAULT_AUTHORITY)
        database = super().create_db_instance(db_kwargs)  # type: ignore[arg-type]
        database.dbi_resource_id = f"db-{mock_random.get_random_string(26).upper()}"
        _set_performance_insights(database, db_kwargs)
        return database

    def restore_db_instance_from_db_snapshot(
        self, from_snapshot_id: str, overrides: MutableMapping[str, Any]
    ) -> DBInstance:
        """moto ignores a request's "false", and gives the instance what the snapshot's had."""
        database = super().restore_db_instance_from_db_snapshot(from_snapshot_id, overrides)  # type: ignore[arg-type]
        for setting in ("multi_az", "publicly_accessible", "deletion_protection"):
            if overrides.get(setting) is False:
                setattr(database, setting, False)
        return database

    def modify_db_instance(
        self, db_instance_identifier: str, db_kwargs: MutableMapping[str, Any]
    ) -> DBInstance:
        database = super().modify_db_instance(db_instance_identifier, db_kwargs)  # type: ignore[arg-type]
        _set_performance_insights(database, db_kwargs)
        return database


def _set_performance_insights(database: DBInstance, settings: MutableMapping[str, Any]) -> None:
    """Store the settings of Performance Insights, which moto drops."""
    enabled = settings.get("enable_performance_insights")
    if enabled is None:
        return
    vars(database).update(
        performance_insights_enabled=enabled,
        performance_insights_kms_key_id=settings.get("performance_insights_kms_key_id"),
        performance_insights_retention_period=settings.get("performance_insights_retention_period")
        or DEFAULT_RETENTION_DAYS,
    )
