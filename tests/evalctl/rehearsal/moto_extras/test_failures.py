from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from evalctl.rehearsal.moto_extras.failures import tell_failures


def told(failure: Exception, *, service: str | None, content_type: str = "") -> tuple[str, str]:
    """Status and body of the answer to a request that is signed for the service."""

    def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise failure

    statuses: list[str] = []
    environ = {"CONTENT_TYPE": content_type}
    if service is not None:
        scope = f"testing/20261122/eu-central-1/{service}/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"
    answer = tell_failures(broken)(environ, lambda status, headers, *_: statuses.append(status))  # type: ignore[arg-type]
    return statuses[0], b"".join(answer).decode()


@pytest.mark.filterwarnings("ignore:Exception.Failure. with code")  # AWS has no such code
@pytest.mark.parametrize(
    ("service", "start"),
    [
        ("ec2", "<"),
        ("elasticache", "<"),
        ("s3", "<"),
        ("eks", "{"),
        ("kms", "{"),
        ("nobody", "N"),
        (None, "N"),
    ],
)
def test_what_is_missing_is_told_in_the_format_of_the_service(
    service: str | None, start: str
) -> None:
    status, body = told(NotImplementedError("describe_insight"), service=service)
    assert status == "501 Not Implemented", "which no client repeats"
    assert body.startswith(start)
    assert "NotImplemented" in body
    assert "describe_insight" in body


def test_what_broke_may_be_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    status, body = told(KeyError("changed meanwhile"), service="ec2")
    assert status.startswith("500")
    assert "EmulatorFault" in body
    assert "changed meanwhile" in body
    assert "Traceback" in capsys.readouterr().err
