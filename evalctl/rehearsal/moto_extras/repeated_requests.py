"""A request that a client repeats because it got no answer: it gets the first answer, and is not executed again.

All attempts of one call have the same `amz-sdk-invocation-id` (AWS SDKs and Tools reference guide, "Retry
behavior"). On a busy machine a connection can break after moto has done the work. The second attempt would
then be refused, because what it makes is there already.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from .error_responses import WsgiApp

_KEPT = 500  # answers; a repeated request follows within seconds


def answered_once(app: WsgiApp) -> WsgiApp:
    """The app, with the first answer for each repeated request that succeeded; for one request at a time."""
    answers: dict[str, tuple[bytes, str, Headers]] = {}

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if call is None or environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return app(environ, start_response)
        if call in answers:
            print(f"repeated: {environ['REQUEST_METHOD']} {environ['PATH_INFO']}", flush=True)
        else:
            parts, status, headers = run_wsgi_app(app, environ)
            answers[call] = b"".join(parts), status, headers
        body, status, headers = answers[call]
        start_response(status, list(headers))
        if not status.startswith("2"):
            del answers[call]
        elif len(answers) > _KEPT:
            del answers[next(iter(answers))]
        return [body]

    return wrapped
