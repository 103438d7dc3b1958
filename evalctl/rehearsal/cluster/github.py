"""Stands for GitHub's API: the open pull requests of every repository, which a check opens and closes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from evalctl.servers import http_server


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """An open pull request."""

    number: int
    commit: str  # of its head
    label: str


@dataclass
class GitHub:
    """Where it listens, and what is open."""

    address: str = ""
    open: list[PullRequest] = field(default_factory=list)


@contextmanager
def github() -> Iterator[GitHub]:
    """A server on loopback for the one list that Argo CD's ApplicationSets read."""
    served = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.partition("?")[0].endswith("/pulls")
            body = json.dumps([_described(each) for each in served.open] if found else {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http_server(Handler) as address:
        served.address = f"http://{address}/"
        yield served


def _described(pull_request: PullRequest) -> dict[str, object]:
    """The fields that Argo CD reads (applicationset/services/pull_request/github.go)."""
    return {
        "number": pull_request.number,
        "title": "A change",
        "head": {"ref": "change", "sha": pull_request.commit},
        "base": {"ref": "main"},
        "labels": [{"name": pull_request.label}],
        "user": {"login": "developer"},
    }
