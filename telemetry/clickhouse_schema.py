"""The migrations that create ClickHouse's tables as `telemetry.contract.TABLES` defines them.

A migration is a file, `clickhouse_migrations/<number>-<name>.sql`, and is never edited once it is
merged, because clusters have applied it. A change of the contract is a new file, as in
`0002-language.sql` with `ALTER TABLE eval_platform.evaluation_results ON CLUSTER eval ADD COLUMN IF
NOT EXISTS language LowCardinality(String)`. A test applies all migrations and compares the result with
the contract, so that neither changes without the other. Every statement can be repeated: the job may
stop between applying a migration and recording it in the journal.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("clickhouse_migrations")
_FILE_NAME = re.compile(r"(?P<version>\d{4})-[a-z0-9-]+\.sql")

JOURNAL_FILE = "journal.sql"
JOURNAL_TABLE = "schema_migrations"


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step, by its place in the order and its text."""

    version: int
    file_name: str
    text: str

    @property
    def checksum(self) -> str:
        """The value that the journal records."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def journal() -> str:
    """The statement that creates the journal, in which applied migrations are recorded."""
    return (_FOLDER / JOURNAL_FILE).read_text()


def migrations(folder: Path = _FOLDER) -> tuple[Migration, ...]:
    """All of them, in order.

    Raises:
        ValueError: a file has no migration's name, or the numbers are not 1, 2, 3 and so on.
    """
    files = sorted(file for file in folder.glob("*.sql") if file.name != JOURNAL_FILE)
    found = tuple(_migration(file) for file in files)
    for expected, migration in enumerate(found, 1):
        if migration.version != expected:
            raise ValueError(
                f"{migration.file_name} has number {migration.version:04} instead of {expected:04}: "
                "migrations are numbered from 0001 without gaps; give the newest the next free number."
            )
    return found


def _migration(file: Path) -> Migration:
    match = _FILE_NAME.fullmatch(file.name)
    if match is None:
        raise ValueError(
            f"{file.name} is not a migration's name; rename it, as in 0002-add-language.sql."
        )
    return Migration(version=int(match["version"]), file_name=file.name, text=file.read_text())
