"""What watches the demo: Prometheus with the rendered recording rules, and redis_exporter.

kube-state-metrics is a stand-in: it reports how many orchestrators and workers answer their readiness probe.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import yaml

from environments.names import NAMESPACE, Addon
from environments.queue_users import METRICS
from evalctl.board_pages.prometheus import Prometheus, serving
from evalctl.conformance.platform import Platform
from evalctl.conformance.pod import document
from evalctl.conformance.program import Program
from evalctl.servers import free_port, http_server, is_healthy, running
from telemetry.contract import Emitter

SCRAPE_SECONDS = 5
EXPORTER = "prometheus-redis-exporter"
EMITTERS = (
    Emitter.ORCHESTRATOR,
    Emitter.WORKER,
    Emitter.REDIS_EXPORTER,
    Emitter.KUBE_STATE_METRICS,
)
MAX_MEMORY = "256mb"
# A metric's value stays for a moment after a failed scrape, as in the cluster.
_LOOKBACK_SECONDS = 300
_RULES = "rules.yml"


@contextmanager
def watched(
    platform: Platform, programs: Mapping[Emitter, Sequence[Program]], folder: Path
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the programs, by the contract's name of who emits.

    Raises:
        NotStartedError: a server did not start.
        UnreadableManifestsError: the recording rules are not rendered.
    """
    folder.mkdir()
    with ExitStack() as stack:
        targets = {
            str(emitter): [f"127.0.0.1:{each.ports[each.pod.ports['metrics']]}" for each in listed]
            for emitter, listed in programs.items()
        }
        targets[Emitter.REDIS_EXPORTER] = [
            stack.enter_context(_redis_exporter(platform, folder / "redis-exporter.log"))
        ]
        targets[Emitter.KUBE_STATE_METRICS] = [
            stack.enter_context(http_server(_kube_state(programs)))
        ]
        rules = document(platform.rendered / "dashboards" / "PrometheusRule-recording-rules.yaml")
        (folder / _RULES).write_text(yaml.safe_dump(rules["spec"]))
        yield stack.enter_context(
            serving(
                folder / "data",
                folder=folder,
                lookback_seconds=_LOOKBACK_SECONDS,
                configuration=configuration(targets),
            )
        )


def configuration(targets: Mapping[str, Sequence[str]]) -> str:
    """Prometheus' configuration: each emitter is a job with these addresses."""
    interval = f"{SCRAPE_SECONDS}s"
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": interval,
                "scrape_timeout": interval,
                "evaluation_interval": interval,
            },
            "rule_files": [_RULES],
            "scrape_configs": [
                {"job_name": str(job), "static_configs": [{"targets": list(addresses)}]}
                for job, addresses in targets.items()
            ],
        }
    )


@contextmanager
def _redis_exporter(platform: Platform, log: Path) -> Iterator[str]:
    """The address of an exporter that signs in as the rendered user for metrics."""
    password, port = secrets.token_urlsafe(16), free_port()
    queue = platform.redis
    queue.command("ACL", "SETUSER", METRICS.name, f">{password}")
    # A node of ElastiCache has a maximum by its type; without one the board cannot show a share.
    queue.command("CONFIG", "SET", "maxmemory", MAX_MEMORY)
    address = f"127.0.0.1:{port}"
    with running(
        EXPORTER,
        f"-web.listen-address={address}",
        f"-tls-ca-cert-file={platform.authority.pair.certificate}",
        *(f"-{name}={value}" for name, value in _exporter_flags(platform).items()),
        log=log,
        environment={
            "REDIS_ADDR": f"rediss://{queue.host}:{queue.port}",
            "REDIS_USER": METRICS.name,
            "REDIS_PASSWORD": password,
        },
        ready=lambda: is_healthy(f"http://{address}/metrics"),
    ):
        yield address


def _exporter_flags(platform: Platform) -> dict[str, str]:
    """The flags that the rendered add-on gives its exporter."""
    name = platform.names.application(Addon.REDIS_EXPORTER)
    application = document(platform.rendered / "argocd" / f"Application-{name}.yaml")
    flags: dict[str, str] = application["spec"]["source"]["helm"]["valuesObject"]["extraArgs"]
    return flags


def _kube_state(
    programs: Mapping[Emitter, Sequence[Program]],
) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """The available replicas of both Deployments."""

        def do_GET(self) -> None:
            lines = [
                f'kube_deployment_status_replicas_available{{namespace="{NAMESPACE}",deployment="{app}"}}'
                f" {sum(each.is_ready for each in listed)}\n"
                for app, listed in programs.items()
            ]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write("".join(lines).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    return Handler
