"""`python -m workload.worker`."""

import logging
import sys

from workload.settings import WorkerSettings, started
from workload.worker.health import Health, serve


def main() -> None:
    settings = started(WorkerSettings)
    for chatty in ("httpx", "httpx2", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    health = Health()
    serve(health, address=settings.listen_address, port=settings.metrics_port)
    sys.exit(_run(settings, health))


def _run(settings: WorkerSettings, health: Health) -> int:
    # DeepEval and the SDKs take seconds; the kubelet's probes are answered meanwhile.
    from workload.clickhouse import ClickHouse
    from workload.database import connection_pool
    from workload.objects import s3
    from workload.worker.agent import Agent
    from workload.worker.job import JobRunner
    from workload.worker.llm import Llm
    from workload.worker.program import Program
    from workload.worker.stores import Stores

    stores = Stores()
    # A job uses a connection for moments. A pool that is not closed delays the end by five seconds.
    with connection_pool(settings.postgres_url_file, connections=2) as pool:
        runner = JobRunner(
            settings,
            pool=pool,
            clickhouse=ClickHouse(settings),
            s3=s3(settings.aws_region),
            stores=stores,
            llm=Llm(settings),
            agent=Agent(),
        )
        return Program(settings, pool=pool, stores=stores, health=health).run(runner)


if __name__ == "__main__":
    main()
