"""Failures of the emulator itself, told in a way that clients do not repeat for many minutes.

moto answers them as internal errors, which AWS's clients take for passing ones.
"""

import re
import traceback
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

WsgiApp = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

# As in "AWS4-HMAC-SHA256 Credential=key/20261122/eu-central-1/ec2/aws4_request, …"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_SERVICES_BY_SIGNATURE = {"monitoring": "cloudwatch"}
STATUS = "501 Not Implemented"  # the one of the 5xx that no client repeats


class Failure(ServiceException):
    # moto takes the second part of a module's name that begins with "moto" for a service's.
    __module__ = "emulator"


def fail_at_once(app: WsgiApp) -> WsgiApp:
    """The app with its exceptions told in the words of the service that was called."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as failure:
            traceback.print_exc()
            headers, body = _told(failure, environ)
            start_response(STATUS, list(headers.items()))
            return [body]

    return answer


def _told(failure: Exception, environ: WSGIEnvironment) -> tuple[dict[str, str], bytes]:
    code = "NotImplemented" if isinstance(failure, NotImplementedError) else "EmulatorFault"
    message = f"The emulated AWS failed: {failure!r}"
    signature = _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signature is None:
        return {"Content-Type": "text/plain"}, f"{code}: {message}".encode()
    service = _SERVICES_BY_SIGNATURE.get(signature[1], signature[1])
    model = get_service_model(service)
    protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    serializer = get_serializer_class(service, protocol)(OperationModel({}, model))
    told = serializer.serialize(Failure(code, message))
    body = told["body"]
    return dict(told["headers"]), body if isinstance(body, bytes) else body.encode()
