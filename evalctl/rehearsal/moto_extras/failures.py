"""Failures of the emulator itself, in the words of the service that was called.

moto answers all of them as internal errors without a word, which AWS's clients repeat for many
minutes: right for a race between two requests, wrong for an operation that nobody wrote.
"""

import re
import traceback
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from botocore.exceptions import UnknownServiceError
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

WsgiApp = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

# As in "AWS4-HMAC-SHA256 Credential=key/20261122/eu-central-1/ec2/aws4_request, …"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
# Services that sign with another name than that of their model.
_MODELS = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
MISSING = "501 Not Implemented"  # the one of the 5xx that no client repeats
BROKEN = "500 Internal Server Error"


class Failure(ServiceException):
    # moto takes the second part of a module's name that begins with "moto" for a service's.
    __module__ = "emulator"


def tell_failures(app: WsgiApp) -> WsgiApp:
    """The app with its exceptions as answers."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as failure:
            traceback.print_exc()
            missing = isinstance(failure, NotImplementedError)
            code = "NotImplemented" if missing else "EmulatorFault"
            headers, body = _told(code, failure, environ)
            start_response(MISSING if missing else BROKEN, list(headers.items()))
            return [body]

    return answer


def _told(code: str, failure: Exception, environ: WSGIEnvironment) -> tuple[dict[str, str], bytes]:
    message = f"The emulated AWS failed: {failure!r}"
    signature = _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = _MODELS.get(signature[1], signature[1]) if signature else ""
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return {"Content-Type": "text/plain"}, f"{code}: {message}".encode()
    protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    serializer = get_serializer_class(service, protocol)(OperationModel({}, model))
    told = serializer.serialize(Failure(code, message))
    body = told["body"]
    return dict(told["headers"]), body if isinstance(body, bytes) else body.encode()
