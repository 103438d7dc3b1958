"""What every request goes through: its size is limited, its token checked, its time measured."""

import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware.base import RequestResponseEndpoint

from workload.orchestrator import metrics
from workload.settings import read_secret

MOST_MIB = 8
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


async def limit_body(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Answers 413 to a body that is too large, and 411 to one of unknown length, before it is in memory."""
    if "transfer-encoding" in request.headers:
        return _refusal(411, "Send the header `Content-Length`.")
    if int(request.headers.get("content-length", 0)) > MOST_MIB * 1024 * 1024:
        message = f"More than {MOST_MIB} MiB: put the cases into the bucket of data sets."
        return _refusal(413, message)
    return await call_next(request)


def requires_token(file: Path) -> Callable[[HTTPAuthorizationCredentials | None], None]:
    """A dependency that refuses a request without the token that is in the file now."""

    def check(
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> None:
        try:
            token = read_secret(file)
        except OSError:
            raise HTTPException(503, "The token's file is empty or cannot be read.") from None
        if sent is None or not hmac.compare_digest(sent.credentials.encode(), token.encode()):
            message = "Send the header `Authorization: Bearer TOKEN` (docs/secrets.md)."
            raise HTTPException(401, message, headers={"WWW-Authenticate": "Bearer"})

    return check


async def measure(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """By the route: a path would make a series for each run."""
    started, status = time.perf_counter(), 500
    try:
        response = await call_next(request)
        status = response.status_code
        return response
    finally:
        method = request.method if request.method in _METHODS else "_OTHER"
        route = getattr(request.scope.get("route"), "path", "")
        duration = time.perf_counter() - started
        metrics.REQUEST_DURATION.labels(method, route, str(status)).observe(duration)


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"detail": message}, status_code=status)
