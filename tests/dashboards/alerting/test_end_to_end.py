"""From jobs in a real Redis to a message in Slack, and back (B7, B13), with the real programs between.

Nothing rendered is changed except Alertmanager's waits. An alert's own wait is a part of its rule: the
test starts Prometheus as after a restart, with a past in which the queue has been too long for some
minutes. Prometheus then continues the alert's wait (its manual, "Alerting rules").
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from argocd.addons.redis_exporter import FLAGS
from environments.names import REDIS_QUEUE_KEY
from evalctl.board_pages.prometheus import add_blocks, serving
from evalctl.servers import free_port, http_server, is_healthy, is_listening, running
from telemetry.contract import Emitter
from tests.dashboards.alerting.rules import alert_rule, rule_file
from tests.dashboards.alerting.slack import alertmanager, slack
from tests.dashboards.alerting.test_alerts import GET_PROMTOOL
from tests.support.manifests import Manifest
from tests.support.tools import program

GET_REDIS = "apt-get install redis-server prometheus-redis-exporter"
EXPORTER = {"job": str(Emitter.REDIS_EXPORTER), "instance": "queue"}
ORCHESTRATOR = {"job": str(Emitter.ORCHESTRATOR), "instance": "api"}
JOBS = 1_001
AGE_SECONDS = 420


@pytest.fixture
def rules(observation: dict[str, list[Manifest]]) -> list[Manifest]:
    return observation["prod"]


@dataclass(frozen=True)
class Redis:
    """A real Redis; `cli` is its client."""

    cli: str
    port: int

    def do(self, *command: str) -> None:
        subprocess.run(
            [self.cli, "-p", str(self.port), *command], check=True, stdout=subprocess.DEVNULL
        )


@contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    port = free_port()
    settings = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
    with running(
        program("redis-server", get_it=GET_REDIS),
        *settings,
        log=folder / "redis.log",
        ready=lambda: is_listening(port),
    ):
        yield Redis(program("redis-cli", get_it=GET_REDIS), port)


@contextmanager
def exporter(queue: Redis, folder: Path) -> Iterator[str]:
    """redis_exporter with the flags of its add-on; yields its address."""
    listen = f"127.0.0.1:{free_port()}"
    with running(
        program("prometheus-redis-exporter", get_it=GET_REDIS),
        f"-redis.addr=redis://127.0.0.1:{queue.port}",
        f"-web.listen-address={listen}",
        *(f"-{name}={value}" for name, value in FLAGS.items()),
        log=folder / "redis-exporter.log",
        ready=lambda: is_healthy(f"http://{listen}/metrics"),
    ):
        yield listen


@dataclass
class Orchestrator:
    """A stand-in for the program that measures how long jobs have waited."""

    listen: str
    oldest_job_seconds: int


@contextmanager
def orchestrator() -> Iterator[Orchestrator]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            age = stand_in.oldest_job_seconds
            self.wfile.write(f"eval_queue_oldest_job_age_seconds {age}\n".encode())

        def log_message(self, *_: object) -> None: ...

    with http_server(Handler) as listen:
        stand_in = Orchestrator(listen, AGE_SECONDS)
        yield stand_in


def past(rules: list[Manifest], *alerts: str) -> Iterator[str]:
    """The samples that Prometheus had stored before its restart, as OpenMetrics text."""
    now = int(time.time())
    minutes = 6
    series = {
        f"redis_key_size{{{_labels(EXPORTER | {'db': 'db0', 'key': REDIS_QUEUE_KEY})}}}": JOBS,
        "queue:jobs_waiting:max": JOBS,
        f"eval_queue_oldest_job_age_seconds{{{_labels(ORCHESTRATOR)}}}": AGE_SECONDS,
    }
    for name in alerts:
        labels = {"alertname": name, **alert_rule(rules, name)["labels"]}
        # The time since which the alert has been pending; Prometheus reads it when it starts.
        series[f"ALERTS_FOR_STATE{{{_labels(labels)}}}"] = now - minutes * 60
    for name, value in series.items():
        for at in range(now - minutes * 60, now - 4, 15):
            yield f"{name} {value} {at}\n"
    yield "# EOF\n"


def _labels(labels: dict[str, Any]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def configuration(*, rules: Path, targets: dict[str, dict[str, str]], alertmanager: str) -> str:
    """Prometheus' configuration: each target with its labels, scraped every second."""
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": "1s",
                "evaluation_interval": "2s",
                "external_labels": {"environment": "prod"},
            },
            "rule_files": [str(rules)],
            "alerting": {
                "alertmanagers": [
                    {"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}
                ]
            },
            "scrape_configs": [
                {
                    "job_name": labels["job"],
                    "static_configs": [{"targets": [target], "labels": labels}],
                }
                for target, labels in targets.items()
            ],
        }
    )


@pytest.mark.rehearsal
def test_a_lagging_queue_and_its_end_are_reported_in_slack(
    rules: list[Manifest], tmp_path: Path
) -> None:
    for tool in ("prometheus", "promtool"):
        program(tool, get_it=GET_PROMTOOL)
    alerts = ("QueueBacklog", "QueueLagging")
    with (
        slack() as workspace,
        orchestrator() as api,
        redis(tmp_path) as queue,
        exporter(queue, tmp_path) as exported,
        alertmanager(rules, workspace, tmp_path) as manager,
    ):
        queue.do("RPUSH", REDIS_QUEUE_KEY, *(f"job-{number}" for number in range(JOBS)))
        add_blocks(past(rules, *alerts), tmp_path / "data")
        with serving(
            tmp_path / "data",
            folder=tmp_path,
            configuration=configuration(
                rules=rule_file(rules, tmp_path),
                targets={exported: EXPORTER, api.listen: ORCHESTRATOR},
                alertmanager=manager.address,
            ),
            flags=(
                "--rules.alert.resend-delay=1s",
                # By default Prometheus continues no wait shorter than ten minutes.
                "--rules.alert.for-grace-period=0s",
            ),
        ):
            backlog = workspace.wait_for("sre-critical", lambda m: "QueueBacklog" in m.title)
            lagging = workspace.wait_for("sre-critical", lambda m: "QueueLagging" in m.title)
            workspace.wait_for("heartbeat", lambda m: m.body["status"] == "firing")
            assert len(workspace.to("sre-critical")) == len(alerts), "one message for each"

            queue.do("LTRIM", REDIS_QUEUE_KEY, "0", "499")
            api.oldest_job_seconds = 30

            for alert in alerts:
                workspace.wait_for_title("sre-critical", f"[prod] resolved: {alert}")

    assert backlog.title == "[prod] critical: QueueBacklog"
    assert "*1.001k jobs are pending*" in backlog.text
    assert "Owner: sre | <https://github.com/" in backlog.text
    assert backlog.link.endswith("docs/runbooks/platform-health.md#queue-lag")
    assert "*A job has waited 7m 0s*" in lagging.text
