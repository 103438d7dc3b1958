"""ClickHouse, over HTTP."""

import json
import ssl
from collections.abc import Mapping, Sequence

import httpx

from workload.settings import Settings, read_secret

_SECONDS = 10

Row = Mapping[str, object]


class ClickHouse:
    """Each request reads the URL and the authority's certificate again: a rotation changes both."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def insert(self, table: str, rows: Sequence[Row], **options: str) -> None:
        """Raises httpx.HTTPError if the server has not written all rows."""
        lines = "\n".join(json.dumps(row) for row in rows)
        self._post(f"INSERT INTO {table} FORMAT JSONEachRow\n{lines}", options)

    def rows(self, query: str, **parameters: str) -> list[Row]:
        """Raises httpx.HTTPError if the server does not answer."""
        options = {f"param_{name}": value for name, value in parameters.items()}
        answer = self._post(
            f"{query} FORMAT JSON", options | {"output_format_json_quote_64bit_integers": "0"}
        )
        found: list[Row] = json.loads(answer)["data"]
        return found

    def _post(self, statement: str, options: Mapping[str, str]) -> str:
        url = httpx.URL(read_secret(self._settings.clickhouse_url_file))
        authority = self._settings.clickhouse_ca_file
        response = httpx.post(
            url.copy_with(path="/", userinfo=b""),
            auth=(url.username, url.password),
            params={"database": url.path.strip("/"), **options},
            content=statement.encode(),
            verify=ssl.create_default_context(cafile=authority) if url.scheme == "https" else True,
            timeout=_SECONDS,
        )
        response.raise_for_status()
        return response.text
