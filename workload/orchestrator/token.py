"""The bearer token of the API's users."""

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from workload.settings import read_secret


def requires_token(file: Path) -> Callable[[HTTPAuthorizationCredentials | None], None]:
    """A dependency that refuses a request without the token that is in the file now."""

    def check(
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> None:
        if not (token := read_secret(file)):
            raise HTTPException(503, "The token's file is empty.")
        if sent is None or not hmac.compare_digest(sent.credentials.encode(), token.encode()):
            message = (
                "Send the header `Authorization: Bearer TOKEN` with the token of docs/secrets.md."
            )
            raise HTTPException(401, message, headers={"WWW-Authenticate": "Bearer"})

    return check
