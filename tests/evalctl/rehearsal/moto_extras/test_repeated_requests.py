"""A request that is repeated because its answer was lost gets the first answer."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from evalctl.rehearsal.moto_extras.repeated_requests import answered_once

CREATED = ("200 OK", b"created")
EXISTS = ("409 Conflict", b"it is there already")


class Emulator:
    """It makes one thing, and refuses to make it again."""

    def __init__(self, *answers: tuple[str, bytes]) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = self.answers[min(self.calls, len(self.answers) - 1)]
        self.calls += 1
        start_response(status, [("Content-Length", str(len(body)))])
        return [body[:3], body[3:]]


def sent(app: Any, *, call: str | None, method: str = "POST") -> tuple[str, bytes]:
    statuses: list[str] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/", "wsgi.input": BytesIO()}
    if call is not None:
        environ["HTTP_AMZ_SDK_INVOCATION_ID"] = call
    body = b"".join(app(environ, lambda status, *_: statuses.append(status)))
    (status,) = statuses
    return status, body


def test_a_repeated_request_gets_the_first_answer_and_is_executed_once() -> None:
    emulator = Emulator(CREATED, EXISTS)
    app = answered_once(emulator)
    assert sent(app, call="one") == sent(app, call="one") == CREATED
    assert emulator.calls == 1


@pytest.mark.parametrize("other", ["two", None])
def test_another_request_is_executed(other: str | None) -> None:
    app = answered_once(Emulator(CREATED, EXISTS))
    assert sent(app, call="one") == CREATED
    assert sent(app, call=other) == EXISTS


def test_a_request_that_failed_is_executed_again() -> None:
    app = answered_once(Emulator(("500 Internal Server Error", b"a race"), CREATED, EXISTS))
    assert sent(app, call="one")[0] == "500 Internal Server Error"
    assert sent(app, call="one") == CREATED
    assert sent(app, call="one") == CREATED


def test_what_is_read_is_read_again() -> None:
    app = answered_once(Emulator(("200 OK", b"before"), ("200 OK", b"after")))
    assert sent(app, call="one", method="GET") == ("200 OK", b"before")
    assert sent(app, call="one", method="GET") == ("200 OK", b"after")
