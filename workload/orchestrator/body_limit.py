"""Refuses a large request before it is in memory."""

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class BodyLimit:
    """Answers 413 to a body of more than `mib` MiB, and 411 to one that does not state its length."""

    def __init__(self, app: ASGIApp, *, mib: int) -> None:
        self._app, self._mib = app, mib

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "transfer-encoding" in headers:
            await _refuse(411, "Send the header `Content-Length`.")(scope, receive, send)
        elif int(headers.get("content-length", 0)) > self._mib * 1024 * 1024:
            message = f"The body is larger than {self._mib} MiB. Put the cases into the bucket of data sets."
            await _refuse(413, message)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _refuse(status: int, message: str) -> JSONResponse:
    return JSONResponse({"detail": message}, status_code=status)
