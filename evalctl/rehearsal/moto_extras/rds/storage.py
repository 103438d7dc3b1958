"""The performance of gp3 storage, which AWS sets by its size.

Below 400 GiB it is fixed, and a request must not name it. From there it starts at a higher baseline
(RDS user guide, "gp3 storage": MariaDB, MySQL and PostgreSQL). The messages are AWS' own
(terraform-provider-aws issue 28382, troposphere issue 2141). moto accepts any value, and has no baseline.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import DBInstance, RDSBackend

ENGINES = ("mariadb", "mysql", "postgres")
LIMIT_GIB = 400
BELOW = {"iops": 3_000, "storage_throughput": 125}
ABOVE = {"iops": 12_000, "storage_throughput": 500}


class StorageBackend(RDSBackend):
    def create_db_instance(self, db_kwargs: MutableMapping[str, Any]) -> DBInstance:
        if db_kwargs.get("storage_type") == "gp3" and db_kwargs.get("engine") in ENGINES:
            size = int(db_kwargs["allocated_storage"])
            _check(db_kwargs, engine=db_kwargs["engine"], size=size)
            for name, value in (ABOVE if size >= LIMIT_GIB else BELOW).items():
                db_kwargs[name] = db_kwargs.get(name) or value
        return super().create_db_instance(db_kwargs)  # type: ignore[arg-type]

    def modify_db_instance(
        self, db_instance_identifier: str, db_kwargs: MutableMapping[str, Any]
    ) -> DBInstance:
        database = self.describe_db_instances(db_instance_identifier)[0]
        if database.storage_type == "gp3" and database.engine in ENGINES:
            size = int(db_kwargs.get("allocated_storage") or database.allocated_storage)
            _check(db_kwargs, engine=database.engine, size=size)
            if size >= LIMIT_GIB > database.allocated_storage:
                for name, value in ABOVE.items():
                    db_kwargs[name] = db_kwargs.get(name) or value
        return super().modify_db_instance(db_instance_identifier, db_kwargs)  # type: ignore[arg-type]


def _check(settings: Mapping[str, Any], *, engine: str, size: int) -> None:
    """Refuse a performance that this size cannot have."""
    named = {name: int(settings[name]) for name in ABOVE if settings.get(name)}
    if named and size < LIMIT_GIB:
        raise InvalidParameterCombination(
            f"You can't specify IOPS or storage throughput for engine {engine} and a storage size less "
            f"than {LIMIT_GIB}."
        )
    for name, value in named.items():
        if value < ABOVE[name]:
            raise InvalidParameterCombination(
                f"Invalid {name.replace('_', ' ')} value for engine name {engine} and storage type "
                f"gp3: {value}"
            )
