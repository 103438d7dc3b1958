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
    # DeepEval and the SDKs take seconds; the kubelet's probes are answered meanwhile.
    from workload.worker.program import Program

    sys.exit(Program(settings, health).run())


if __name__ == "__main__":
    main()
