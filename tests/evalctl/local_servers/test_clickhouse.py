"""ClickHouse's engine behind its HTTP interface."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from evalctl.local_servers.clickhouse import Clickhouse, clickhouse

CALL = {
    "called_at": "2026-11-28 10:00:00",
    "environment": "dev",
    "run_id": "00000000-0000-0000-0000-000000000001",
    "provider": "openai",
    "model": "m",
    "operation": "chat",
    "cost_usd": "0.1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clickhouse]:
    with clickhouse(tmp_path_factory.mktemp("clickhouse") / "server") as started:
        yield started


def post(
    server: Clickhouse, sql: str, *, password: str | None = None, **parameters: str
) -> tuple[int, str]:
    """The status and the text of the answer to the application's user."""
    login = f"{server.user}:{server.password if password is None else password}"
    query = urlencode({"database": server.database, **parameters})
    request = urllib.request.Request(
        f"https://{server.host}:{server.port}/?{query}",
        data=sql.encode(),
        headers={"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"},
    )
    tls = ssl.create_default_context(cafile=str(server.ca_file))
    try:
        with urllib.request.urlopen(request, context=tls, timeout=30) as response:
            return response.status, response.read().decode().strip()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode().strip()


def insert(server: Clickhouse, row: dict[str, str], **settings: str) -> int:
    return post(server, f"INSERT INTO llm_calls FORMAT JSONEachRow\n{json.dumps(row)}", **settings)[
        0
    ]


def rows(server: Clickhouse, model: str) -> int:
    return len(server.rows(f"SELECT * FROM llm_calls WHERE model = '{model}'"))


def test_the_application_writes_and_reads_rows(server: Clickhouse) -> None:
    assert insert(server, CALL | {"model": "written"}) == 200
    query = "SELECT count() FROM llm_calls WHERE model = {model:String}"
    assert post(server, query, param_model="written") == (200, "1")


def test_the_application_changes_no_table(server: Clickhouse) -> None:
    status, text = post(server, "DROP TABLE llm_calls")
    assert status == 403
    assert "Not enough privileges" in text


def test_another_password_is_refused(server: Clickhouse) -> None:
    status, text = post(server, "SELECT 1", password="other")
    assert status == 403
    assert text.startswith("Code: 516.")


def test_a_rotated_password_replaces_the_old_one(server: Clickhouse) -> None:
    old = server.password
    server.rotate("rotated")
    assert post(server, "SELECT 1") == (200, "1")
    assert post(server, "SELECT 1", password=old)[0] == 403


def test_an_insert_that_is_repeated_with_its_token_counts_once(server: Clickhouse) -> None:
    for seconds in ("1", "2"):
        row = CALL | {"model": "token", "called_at": f"2026-11-28 10:00:0{seconds}"}
        insert(server, row, insert_deduplication_token="one")
    assert rows(server, "token") == 1
    insert(server, CALL | {"model": "token"}, insert_deduplication_token="two")
    assert rows(server, "token") == 2


def test_a_setting_ends_with_its_request(server: Clickhouse) -> None:
    query = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    before = post(server, query)
    assert post(server, query, max_block_size="1234") == (200, "1234")
    assert post(server, query) == before


def test_a_statement_that_the_engine_refuses_has_its_error_number(server: Clickhouse) -> None:
    status, text = post(server, "SELECT * FROM missing")
    assert status == 500
    assert text.startswith("Code: 60.")


def test_rows_survive_a_restart(server: Clickhouse) -> None:
    insert(server, CALL | {"model": "kept"})
    with server.server.stopped(), pytest.raises(OSError, match="refused"):
        post(server, "SELECT 1")
    assert rows(server, "kept") == 1
