"""Exceptions of the emulator become error responses in the format of the service."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from evalctl.rehearsal.moto_extras.error_responses import with_error_responses


def response_to(
    error: Exception, *, service: str | None, content_type: str = ""
) -> tuple[str, str]:
    """Status and body of the response to a request that is signed for the service."""

    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise error

    statuses: list[str] = []
    environ = {"CONTENT_TYPE": content_type}
    if service is not None:
        scope = f"testing/20261122/eu-central-1/{service}/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"
    app = with_error_responses(failing)
    response = app(environ, lambda status, headers, *_: statuses.append(status))  # type: ignore[arg-type]
    return statuses[0], b"".join(response).decode()


@pytest.mark.filterwarnings("ignore:Exception.EmulatorError. with code")  # AWS has no such code
@pytest.mark.parametrize(
    ("service", "start"),
    [
        ("ec2", "<"),
        ("elasticache", "<"),
        ("s3", "<"),
        ("eks", "{"),
        ("kms", "{"),
        ("unknown", "N"),
        (None, "N"),
    ],
)
def test_a_missing_operation_is_reported_in_the_format_of_the_service(
    service: str | None, start: str
) -> None:
    status, body = response_to(NotImplementedError("describe_insight"), service=service)
    assert status == "501 Not Implemented", "which no client retries"
    assert body.startswith(start)
    assert "NotImplemented" in body
    assert "describe_insight" in body


def test_an_error_of_the_emulator_may_be_retried(capsys: pytest.CaptureFixture[str]) -> None:
    status, body = response_to(KeyError("changed meanwhile"), service="ec2")
    assert status.startswith("500")
    assert "EmulatorFault" in body
    assert "changed meanwhile" in body
    assert "Traceback" in capsys.readouterr().err
