"""Stands for prometheus-adapter: serves one external metric, whose value a check sets."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

from evalctl.local_servers.certificates import KeyPair
from evalctl.servers import http_server

_GROUP = "external.metrics.k8s.io/v1beta1"


@dataclass
class ExternalMetrics:
    """The metric that is served, and the port."""

    metric: str
    value: int = 0
    port: int = 0


@contextmanager
def external_metrics(pair: KeyPair, *, metric: str) -> Iterator[ExternalMetrics]:
    """A server on loopback for the external metrics API, as the autoscaler reads it."""
    served = ExternalMetrics(metric)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = _response(served, path)
            text = json.dumps(body if body is not None else {"kind": "Status", "code": 404})
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    with http_server(Handler, tls=tls) as address:
        served.port = int(address.rpartition(":")[2])
        yield served


def _response(served: ExternalMetrics, path: str) -> dict[str, object] | None:
    root = f"/apis/{_GROUP}"
    if path == root:
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": _GROUP,
            "resources": [
                {
                    "name": served.metric,
                    "singularName": "",
                    "namespaced": True,
                    "kind": "ExternalMetricValueList",
                    "verbs": ["get"],
                }
            ],
        }
    if path.startswith(f"{root}/namespaces/") and path.endswith(f"/{served.metric}"):
        return {
            "kind": "ExternalMetricValueList",
            "apiVersion": _GROUP,
            "metadata": {},
            "items": [
                {
                    "metricName": served.metric,
                    "metricLabels": {},
                    "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "value": str(served.value),
                }
            ],
        }
    return None
