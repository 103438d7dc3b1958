"""ClickHouse, over HTTP."""

import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from workload.settings import Settings, read_secret

_SECONDS = 10

Row = Mapping[str, object]


class ClickHouse:
    """Each request reads the URL and the authority's certificate again: a rotation changes both."""

    def __init__(self, settings: Settings) -> None:
        self._url_file = settings.clickhouse_url_file
        self._ca_file = settings.clickhouse_ca_file

    def insert(self, table: str, rows: Sequence[Row], **options: str) -> None:
        """Raises httpx.HTTPError if the server has not written all rows."""
        lines = "\n".join(json.dumps(row) for row in rows)
        self._post(f"INSERT INTO {table} FORMAT JSONEachRow\n{lines}", **options)

    def count(self, table: str, *, run_id: str, case_id: str) -> int:
        query = (
            f"SELECT count() FROM {table} WHERE run_id = {{run:UUID}} AND case_id = {{case:String}}"
        )
        return int(self._post(query, param_run=run_id, param_case=case_id))

    def rows(self, query: str, **parameters: str) -> list[Row]:
        """Raises httpx.HTTPError if the server does not answer."""
        found: list[Row] = json.loads(self._post(f"{query} FORMAT JSON", **parameters))["data"]
        return found

    def _post(self, statement: str, **parameters: str) -> str:
        url = httpx.URL(read_secret(self._url_file))
        response = httpx.post(
            url.copy_with(path="/", username=None, password=None),
            auth=(url.username, url.password),
            params={"database": url.path.strip("/"), **parameters},
            content=statement.encode(),
            verify=_authority(self._ca_file) if url.scheme == "https" else True,
            timeout=_SECONDS,
        )
        response.raise_for_status()
        return response.text


def _authority(file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=file)
