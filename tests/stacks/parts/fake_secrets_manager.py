"""A fake of the few AWS calls by which a real Terraform writes and reads secrets in dev."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from environments.dev import DEV
from evalctl.servers import http_server

_ACCOUNT = DEV.account.id
_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Account>{_ACCOUNT}</Account><UserId>test</UserId>
<Arn>arn:aws:iam::{_ACCOUNT}:user/test</Arn></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""


@dataclass
class FakeSecretsManager:
    """Secret id → (version id, text), the newest last; and every generated password."""

    values: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    passwords: list[str] = field(default_factory=list)
    readable: bool = True
    url: str = ""

    def current(self, secret: str) -> dict[str, str]:
        """The fields of a secret's newest value."""
        fields: dict[str, str] = json.loads(self.values[secret][-1][1])
        return fields

    def answer(self, call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "GetRandomPassword":
            assert given["ExcludePunctuation"]
            self.passwords.append(secrets.token_hex(given["PasswordLength"] // 2))
            return {"RandomPassword": self.passwords[-1]}
        if call == "PutSecretValue":
            version = (given["ClientRequestToken"], given["SecretString"])
            self.values.setdefault(given["SecretId"], []).append(version)
            return self._value(given["SecretId"], -1)
        if call == "GetSecretValue" and self.readable:
            ids = [id_ for id_, _ in self.values[given["SecretId"]]]
            return self._value(given["SecretId"], ids.index(given.get("VersionId", ids[-1])))
        raise NotImplementedError(call)

    def _value(self, secret: str, index: int) -> dict[str, Any]:
        versions = self.values[secret]
        version, text = versions[index]
        stage = "AWSCURRENT" if version == versions[-1][0] else "AWSPREVIOUS"
        return {
            "ARN": secret,
            "Name": secret.rpartition(":")[2],
            "VersionId": version,
            "VersionStages": [stage],
            "SecretString": text,
        }


@contextmanager
def fake_secrets_manager() -> Iterator[FakeSecretsManager]:
    """The service on a free port of this machine, until the block ends."""
    service = FakeSecretsManager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            call = self.headers.get("X-Amz-Target")
            if call is None:
                self._send("text/xml", _IDENTITY)
            else:
                reply = service.answer(call.rpartition(".")[2], json.loads(body))
                self._send("application/x-amz-json-1.1", json.dumps(reply))

        def _send(self, content_type: str, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with http_server(Handler) as address:
        service.url = f"http://{address}"
        yield service
