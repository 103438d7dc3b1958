"""Turns exceptions of the emulator into error responses in the format of the requested service.

moto returns all of them as internal errors without a message, and AWS clients retry those for many
minutes. That is right for a race between two requests and wrong for an operation that is not
implemented.
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
# Services whose name in a signature differs from the name of their model.
_MODELS = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
NOT_IMPLEMENTED = "501 Not Implemented"  # the only 5xx status that no client retries
INTERNAL_ERROR = "500 Internal Server Error"


class EmulatorError(ServiceException):
    # moto reads a service's name from the second part of a module name that begins with "moto".
    __module__ = "emulator"


def with_error_responses(app: WsgiApp) -> WsgiApp:
    """The app, with an error response for each exception that it raises."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as error:
            traceback.print_exc()
            missing = isinstance(error, NotImplementedError)
            code = "NotImplemented" if missing else "EmulatorFault"
            headers, body = _error_response(code, error, environ)
            start_response(NOT_IMPLEMENTED if missing else INTERNAL_ERROR, list(headers.items()))
            return [body]

    return wrapped


def _error_response(
    code: str, error: Exception, environ: WSGIEnvironment
) -> tuple[dict[str, str], bytes]:
    message = f"The emulated AWS failed: {error!r}"
    signature = _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = _MODELS.get(signature[1], signature[1]) if signature else ""
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return {"Content-Type": "text/plain"}, f"{code}: {message}".encode()
    protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    serializer = get_serializer_class(service, protocol)(OperationModel({}, model))
    response = serializer.serialize(EmulatorError(code, message))
    body = response["body"]
    return dict(response["headers"]), body if isinstance(body, bytes) else body.encode()
