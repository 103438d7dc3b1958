"""What a job writes, and which agents it refuses."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from evalctl.conformance import api
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import check
from evalctl.conformance.waiting import require, until
from evalctl.local_servers.provider_protocols import Answer, Request

# kombu looks for messages to restore every ten seconds, and a program needs time to take a job.
_SEEN_AGAIN_SECONDS = 30


@check("a job is scored once for each metric, with the run's and the case's columns")
def results(bench: Bench) -> str:
    _ = bench.worker
    cases = bench.cases(2)
    run = bench.start(cases)
    bench.done(run)
    rows = bench.results(run)
    require(bool(rows), "evaluation_results has no row of the run")
    expected = {
        "environment": bench.platform.names.env.name,
        "build": api.BUILD,
        "branch": api.BRANCH,
        "dataset": api.DATASET,
        "topic": "parcels",
        "judge_model": api.MODELS["openai"],
    }
    for row in rows:
        different = {name: row[name] for name, value in expected.items() if row[name] != value}
        require(not different, f"a row has {different}")
        require(0 <= _number(row["score"]) <= 1, f"a row has the score {row['score']}")
    require(
        {row["case_id"] for row in rows} == {case["id"] for case in cases},
        "the rows are of other cases",
    )
    bench.require_once(run)
    metrics = sorted({str(row["metric"]) for row in rows})
    return f"{len(rows)} rows of 2 cases: {', '.join(metrics)}"


@check("`llm_calls` has one row for each call that was made, also for refused ones")
def llm_calls(bench: Bench) -> str:
    worker, since, refused = bench.worker, time.monotonic(), set[str]()

    def first_refused(request: Request) -> Answer:
        if request.prompt in refused:
            return Answer()
        refused.add(request.prompt)
        return Answer(status=503)

    with bench.platform.provider.behaving(first_refused):
        run = bench.start(1)
        bench.done(run)
    made = bench.platform.provider.made(worker.name, since=since)
    until(
        lambda: len(bench.llm_calls(run)) >= len(made),
        seconds=_SEEN_AGAIN_SECONDS,
        what=f"llm_calls had the {len(made)} calls",
    )
    rows = bench.llm_calls(run)
    require(len(rows) == len(made), f"{len(rows)} rows for {len(made)} calls")
    tokens = sum(int(_number(row["input_tokens"]) + _number(row["output_tokens"])) for row in rows)
    require(tokens == sum(call.tokens for call in made), f"the rows have {tokens} tokens")
    errors = Counter(str(row["error_type"]) for row in rows)
    expected = Counter("" if call.status == 200 else str(call.status) for call in made)
    require(errors == expected, f"error_type is {dict(errors)} instead of {dict(expected)}")
    require(max(_number(row["attempt"]) for row in rows) == 2, "no row is of attempt 2")
    return f"{len(rows)} rows, {tokens} tokens, {dict(errors)}"


@check("an agent at a private address is refused, also behind a name, and its job fails")
def private_agents(bench: Bench) -> str:
    _ = bench.worker
    with _listener() as (port, connections):
        addresses = [
            f"http://127.0.0.1:{port}/agent",
            f"http://localhost:{port}/agent",
            f"http://[::ffff:127.0.0.1]:{port}/agent",
            "http://10.0.0.1/agent",
            "http://169.254.169.254/latest/meta-data",
        ]
        for address in addresses:
            response = bench.api.start(api.request(bench.cases(1, recorded=False), agent=address))
            if 400 <= response.status < 500:
                continue  # the orchestrator refused it before
            run = str(response.body.get("id"))
            jobs = bench.finished(run)
            require(not connections, f"{address}: a connection reached the agent")
            require(jobs.failed == 1, f"the job of {address} ended as {dict(jobs.states)}")
    return ", ".join(addresses)


@contextmanager
def _listener() -> Iterator[tuple[int, list[object]]]:
    """A port of loopback, and the connections that reached it."""
    reached: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ends = Event()

        def accept() -> None:
            while not ends.is_set():
                try:
                    connection, peer = server.accept()
                except TimeoutError:
                    continue
                reached.append(peer)
                connection.close()

        thread = Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], reached
        finally:
            ends.set()
            thread.join()


def _number(value: object) -> float:
    assert isinstance(value, int | float | str)
    return float(value)
