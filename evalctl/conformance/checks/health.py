"""Liveness and readiness, while all works and while stores are down or refuse a password."""

from contextlib import ExitStack

from environments.names import POSTGRES_APP_USER, Secret
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.waiting import holds, require, until
from evalctl.local_servers.provider_protocols import Answer, Request

# Both probes' periods times their failures fit into it several times.
_NOTICE_SECONDS = 30
_HELD_SECONDS = 3


@check("`/healthz` and `/readyz` answer 200 while the program runs and reaches what it needs")
def ready(bench: Bench) -> str:
    tested = bench.tested
    statuses = (tested.status(tested.pod.liveness), tested.status(tested.pod.readiness))
    require(statuses == (200, 200), f"/healthz and /readyz answered {statuses}")
    return "both answered 200"


@check("`/healthz` answers 200 while all stores are down, and `/readyz` does not")
def alive_without_stores(bench: Bench) -> str:
    tested, platform = bench.tested, bench.platform
    with ExitStack() as stack:
        stack.enter_context(platform.redis.unreachable())
        stack.enter_context(platform.postgres.server.stopped())
        stack.enter_context(platform.clickhouse.server.stopped())
        took = until(
            lambda: not tested.is_ready,
            seconds=_NOTICE_SECONDS,
            what="/readyz answered something else than 200 without stores",
        )
        holds(lambda: tested.is_alive, seconds=_HELD_SECONDS, what="/healthz answered 200")
    back = until(
        lambda: tested.is_ready, seconds=_NOTICE_SECONDS, what="/readyz answered 200 with stores"
    )
    return f"not ready after {took:.1f} s, alive throughout, ready {back:.1f} s after the stores"


@check("`/healthz` answers 200 during a long LLM call")
def alive_during_a_long_call(bench: Bench) -> str:
    tested, platform = bench.worker, bench.platform
    seconds = platform.scale.seconds(float(tested.pod.variables["LLM_TIMEOUT_SECONDS"])) * 0.75

    def slow(_: Request) -> Answer:
        return Answer(after_seconds=seconds)

    began = len(platform.provider.made())
    with platform.provider.behaving(slow):
        run = bench.start(1)
        until(
            lambda: tested.value("eval_jobs_in_progress") > 0,
            seconds=bench.job_seconds,
            what="a job was in progress",
        )
        holds(lambda: tested.is_alive, seconds=seconds, what="/healthz answered 200")
    bench.done(run)
    return f"calls took {seconds:.1f} s, and {len(platform.provider.made()) - began} were made"


def _rotation(bench: Bench, secret: Secret) -> str:
    """A password is replaced; the file follows later."""
    tested, platform = bench.tested, bench.platform
    _use_every_store(bench)  # so that a program that keeps a password has kept the old one
    password = f"rotated-{secret}-{platform.number_of_rotations}"
    platform.number_of_rotations += 1
    match secret:
        case Secret.REDIS_USER:
            platform.redis.rotate(password)
        case Secret.POSTGRES:
            platform.postgres.set_password(POSTGRES_APP_USER, password)
        case _:
            platform.clickhouse.rotate(password)
    holds(
        lambda: tested.is_alive and not tested.has_ended,
        seconds=_HELD_SECONDS,
        what="/healthz answered 200 while the old password was refused",
    )
    platform.rotated(secret, password)
    back = until(
        lambda: tested.is_ready, seconds=_NOTICE_SECONDS, what="/readyz answered 200 after the file"
    )
    _use_every_store(bench)
    require(not tested.has_ended, "the program ended")
    return f"alive while the password was refused, ready {back:.1f} s after the file changed"


def _use_every_store(bench: Bench) -> None:
    """Run a job, or read a run's results."""
    run = bench.start(1)
    if bench.subject is Subject.WORKER:
        bench.done(run)
        require(bool(bench.results(run)), "a job wrote no result")
    else:
        status = bench.results_of_api(run)
        require(status == 200, f"GET /test-runs/{run}/results answered {status}")
        bench.api.cancel(run)


@check("a rotated password of the queue is read from the file again, without a restart")
def rotated_redis_password(bench: Bench) -> str:
    return _rotation(bench, Secret.REDIS_USER)


@check("a rotated password of PostgreSQL is read from the file again, without a restart")
def rotated_postgres_password(bench: Bench) -> str:
    return _rotation(bench, Secret.POSTGRES)


@check("a rotated password of ClickHouse is read from the file again, without a restart")
def rotated_clickhouse_password(bench: Bench) -> str:
    return _rotation(bench, Secret.CLICKHOUSE)
