"""Jobs between PostgreSQL and the queue, migrations, and connections of the load balancer."""

import http.client
import json
import re
import time
from contextlib import ExitStack

from environments.names import App
from evalctl.conformance import api, program
from evalctl.conformance.bench import START_SECONDS, Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.pod import document
from evalctl.conformance.waiting import require, until

_QUEUED_SECONDS = 30
_LOST_SECONDS = 60
_COPIES = 3
_HALF_SENT_SECONDS = 1


@check("a run is accepted while the queue is down, and its jobs are queued afterwards")
def recorded_before_queued(bench: Bench) -> str:
    bench.stop(Subject.WORKER)
    client, before = bench.api, bench.waiting()
    with bench.platform.redis.unreachable():
        run = bench.start(2)
    took = until(
        lambda: bench.waiting() == before + 2,
        seconds=_QUEUED_SECONDS,
        what="both jobs were in the queue",
    )
    client.cancel(run)
    return f"accepted without the queue; queued {took:.1f} s after it was back"


@check("a job that the queue lost is queued again")
def reconciler(bench: Bench) -> str:
    bench.stop(Subject.WORKER)
    platform = bench.platform
    key = platform.worker.variables["REDIS_QUEUE_KEY"]
    bench.cancel_all()
    platform.redis.command("DEL", key)
    run = bench.start(2)
    # The state and not the list, which may get what was on its way for another run.
    until(
        lambda: bench.api.jobs(run).states.get("queued") == 2,
        seconds=_QUEUED_SECONDS,
        what="both jobs were queued",
    )
    platform.redis.command("DEL", key)
    took = until(
        lambda: bench.waiting() == 2, seconds=_LOST_SECONDS, what="both lost jobs were queued again"
    )
    bench.api.cancel(run)
    return f"the list was deleted; both jobs were back after {took:.1f} s"


@check(
    "three copies that start at once on an empty database bring it up to date, and all are ready"
)
def migration_by_one(bench: Bench) -> str:
    bench.close()
    bench.platform.empty_database()
    before = len(bench.platform.postgres.errors)
    with ExitStack() as stack:
        copies = [stack.enter_context(bench.another(Subject.ORCHESTRATOR)) for _ in range(_COPIES)]
        for copy in copies:
            program.ready(copy, seconds=START_SECONDS)
        refused = bench.platform.postgres.errors[before:]
        for copy in copies:
            client = bench.api_of(copy)
            response = client.start(api.request(bench.cases(1)))
            require(response.status == 202, f"{copy.name} answered {response}")
            client.cancel(str(response.body["id"]))
    require(not refused, f"PostgreSQL refused: {'; '.join(refused)}")
    return "all three were ready and recorded a run, and PostgreSQL refused no statement"


@check("an idle connection stays open longer than the load balancer keeps it")
def keep_alive(bench: Bench) -> str:
    platform = bench.platform
    idle = platform.scale.seconds(_idle_timeout(bench))
    connection = http.client.HTTPConnection(
        "127.0.0.1", bench.orchestrator.ports[platform.orchestrator.ports["http"]], timeout=5
    )
    try:
        for pause in (0.0, idle):
            time.sleep(pause)
            try:
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                require(False, f"closed after at most {pause:.1f} s: {error!r}")
            require(
                response.status == 200 and not response.will_close,
                f"answered {response.status}, and closes the connection: {response.will_close}",
            )
    finally:
        connection.close()
    return f"a request after {idle:.1f} idle seconds on the same connection was answered"


def _idle_timeout(bench: Bench) -> float:
    ingress = document(
        bench.platform.rendered / "k8s" / App.ORCHESTRATOR / f"Ingress-{App.ORCHESTRATOR}.yaml"
    )
    found = re.search(r"idle_timeout\.timeout_seconds=(\d+)", str(ingress["metadata"]))
    assert found is not None, "the Ingress names the load balancer's idle timeout"
    return float(found[1])


@check("at SIGTERM it finishes the requests that it has, and ends with status 0")
def orchestrator_ends_clean(bench: Bench) -> str:
    with bench.own(Subject.ORCHESTRATOR) as tested:
        client = bench.api_of(tested)
        body = json.dumps(api.request(bench.cases(2))).encode()
        with client.half_sent(body) as rest:
            tested.terminate()
            time.sleep(_HALF_SENT_SECONDS)
            status = rest()
        took = until(lambda: tested.has_ended, seconds=30, what="it ended after SIGTERM")
    require(status == 202, f"the request in progress was answered with {status}")
    code = tested.process.returncode
    require(code == 0, f"it ended with status {code}")
    return f"the request in progress was answered with 202; it ended {took:.1f} s later"
