"""Each score is in ClickHouse once, also if a worker dies after the insert and before the acknowledgement."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from tests.workload.conftest import PASSWORD
from tests.workload.servers import wait_until
from tests.workload.test_settings import VARIABLES
from tests.workload.worker.conftest import CASE, SETTINGS, Workers, value
from workload.clickhouse import ClickHouse
from workload.settings import WorkerSettings
from workload.worker.evaluation import RESULTS, deduplication_token

_ROWS = "SELECT count(), uniqExact(run_id, case_id, metric) FROM evaluation_results"
_TIMES = {"JOB_MAX_SECONDS": "18", "JOB_VISIBILITY_TIMEOUT_SECONDS": "20"}


class Withholding(BaseHTTPRequestHandler):
    """Passes on what ClickHouse gets, and withholds its answers to inserts of scores."""

    clickhouse: str
    inserted = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.clickhouse.removesuffix("/eval_platform") + self.path
        headers = {"Authorization": self.headers["Authorization"]}
        response = httpx.post(path, content=body, headers=headers)
        if body.startswith(b"INSERT INTO evaluation_results"):
            self.inserted.set()
            threading.Event().wait(30)
        self.send_response(response.status_code)
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print what matters."""


@pytest.fixture
def withholding(workers: Workers, tmp_path: Path) -> Iterator[str]:
    """The file with the URL of such a ClickHouse."""
    Withholding.clickhouse = workers.clickhouse_url
    Withholding.inserted.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Withholding)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = tmp_path / "url"
    file.write_text(f"http://eval_app:{PASSWORD}@127.0.0.1:{server.server_port}/eval_platform")
    yield str(file)
    server.shutdown()


@pytest.mark.parametrize("window", [10000, 0], ids=["the token is known", "the token is forgotten"])
def test_a_worker_that_dies_between_insert_and_acknowledgement_leaves_no_row_twice(
    window: int, workers: Workers, withholding: str, request: pytest.FixtureRequest
) -> None:
    setting = "MODIFY SETTING non_replicated_deduplication_window ="
    workers.clickhouse(f"ALTER TABLE evaluation_results {setting} {window}")
    request.addfinalizer(
        lambda: workers.clickhouse(f"ALTER TABLE evaluation_results {setting} 10000")
    )
    workers.queue(CASE)
    with workers.start(**_TIMES, CLICKHOUSE_URL_FILE=withholding) as first:
        assert Withholding.inserted.wait(150)
        first.process.kill()
    assert workers.states() == ["running"]
    calls = len(workers.provider.requests)
    with workers.start(**_TIMES) as second:
        wait_until(lambda: workers.states() == ["done"], seconds=150)
        assert value(second, 'eval_jobs_total{outcome="crashed"}') == 1

    assert workers.clickhouse(_ROWS) == "2\t2"
    assert len(workers.provider.requests) == calls, "what was judged is not judged again"


def test_a_message_that_comes_twice_has_its_effect_once(workers: Workers) -> None:
    (job,) = workers.queue(CASE)
    workers.send(job, job)
    with workers.start() as worker:
        wait_until(lambda: workers.states() == ["done"], seconds=150)
        wait_until(lambda: workers.platform.redis.command("HLEN", "eval:unacked") == "0")
        wait_until(lambda: workers.platform.redis.command("LLEN", "eval:jobs") == "0")
        assert value(worker, 'eval_jobs_total{outcome="succeeded"}') == 1
        assert value(worker, 'eval_jobs_total{outcome="crashed"}') == 0

    assert workers.clickhouse(_ROWS) == "2\t2"


@pytest.mark.parametrize(
    ("other_token", "rows"), [(False, "1"), (True, "2")], ids=["same token", "another token"]
)
def test_clickhouse_drops_another_insert_with_the_same_token(
    other_token: bool, rows: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, setting in (VARIABLES | SETTINGS | dict(workers.variables)).items():
        monkeypatch.setenv(name, setting)
    clickhouse, run = ClickHouse(WorkerSettings()), uuid4()

    def insert(score: float, token: str) -> None:
        row = {"run_id": str(run), "case_id": "one", "metric": "m", "score": score}
        clickhouse.insert(
            RESULTS,
            [row | {"evaluated_at": 1796000000.5, "built_at": 1796000000}],
            insert_deduplication_token=token,
            async_insert="0",
        )

    insert(0.5, deduplication_token(run, "one"))
    insert(0.7, deduplication_token(UUID(int=1) if other_token else run, "one"))

    assert (
        workers.clickhouse(f"SELECT count() FROM evaluation_results WHERE run_id = '{run}'") == rows
    )
