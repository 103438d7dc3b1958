"""A stand-in for Slack, and a real Alertmanager with the rendered configuration."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml

from evalctl.servers import free_port, http_server, is_healthy, running
from tests.dashboards.alerting.alertmanager_files import any_webhooks, write
from tests.support.manifests import Manifest
from tests.support.tools import program

GET_ALERTMANAGER = "apt-get install prometheus-alertmanager"

# Production's waits and their replacements, so that a test takes seconds. Nothing else is changed.
_SHORTER = {"30s": "1s", "5m": "2s"}


@dataclass(frozen=True)
class Message:
    """A received message: the webhook's name, and what Slack would show."""

    channel: str
    body: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self._attachment["title"])

    @property
    def text(self) -> str:
        return str(self._attachment["text"])

    @property
    def link(self) -> str:
        return str(self._attachment["title_link"])

    @property
    def _attachment(self) -> dict[str, Any]:
        (attachment,) = self.body["attachments"]
        found: dict[str, Any] = attachment
        return found


@dataclass
class Slack:
    """The stand-in; the webhooks' names are its channels."""

    address: str
    received: list[Message] = field(default_factory=list)

    def to(self, channel: str) -> list[Message]:
        return [message for message in self.received if message.channel == channel]

    def wait_for_title(self, channel: str, title: str) -> Message:
        return self.wait_for(channel, lambda message: message.title == title)

    def wait_for(self, channel: str, condition: Callable[[Message], bool]) -> Message:
        """The first such message; fails after a while."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            for message in self.to(channel):
                if condition(message):
                    return message
            time.sleep(0.1)
        raise AssertionError(f"no such message to {channel}; received: {self.received}")


@contextmanager
def slack() -> Iterator[Slack]:
    """Listens on loopback and answers as Slack does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stand_in.received.append(Message(self.path.removeprefix("/"), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None: ...

    with http_server(Handler) as address:
        stand_in = Slack(f"http://{address}")
        yield stand_in


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager."""

    address: str

    def post(self, *alerts: dict[str, Any], over: bool = False) -> None:
        """Send it alerts, as Prometheus does."""
        now = datetime.now(UTC).isoformat()
        ended = {"endsAt": now} if over else {}
        request = urllib.request.Request(
            f"{self.address}/api/v2/alerts",
            data=json.dumps([alert | ended for alert in alerts]).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            assert response.status == 200


@contextmanager
def alertmanager(
    manifests: list[Manifest], workspace: Slack, folder: Path
) -> Iterator[Alertmanager]:
    """The real program, with the rendered routes, templates and (for this test) short waits."""
    webhooks = {name: f"{workspace.address}/{name}" for name in any_webhooks(manifests)}
    configuration = write(manifests, folder / "config", webhooks=webhooks)
    settings = yaml.safe_load(configuration.read_text())
    for wait in ("group_wait", "group_interval"):
        settings["route"][wait] = _SHORTER[settings["route"][wait]]
    configuration.write_text(yaml.safe_dump(settings))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running(
        program("prometheus-alertmanager", get_it=GET_ALERTMANAGER),
        f"--config.file={configuration}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",  # alone, and with no port open to others
        log=folder / "alertmanager.log",
        ready=lambda: is_healthy(f"{address}/-/ready"),
    ):
        yield Alertmanager(address)
