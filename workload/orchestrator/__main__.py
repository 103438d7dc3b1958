"""`python -m workload.orchestrator`."""

import signal
import sys

import uvicorn
from prometheus_client import start_http_server

from workload.orchestrator.api import application
from workload.orchestrator.keeper import Keeper
from workload.settings import OrchestratorSettings, started

# The load balancer sends nothing new when SIGTERM arrives (docs/images.md).
_FINISH_REQUESTS_SECONDS = 20


def main() -> None:
    settings = started(OrchestratorSettings)
    start_http_server(settings.metrics_port, settings.listen_address)
    # uvicorn finishes the requests at SIGTERM, then raises it again for this handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Keeper(settings) as keeper:
        uvicorn.run(
            application(settings, keeper),
            host=settings.listen_address,
            port=settings.port,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=_FINISH_REQUESTS_SECONDS,
            log_config=None,
            access_log=False,
        )


if __name__ == "__main__":
    main()
