"""Puts extended responses, and the back end behind them, in the place of moto's own."""

from collections.abc import Iterable
from importlib import import_module

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse


def extend(
    service: str,
    *,
    response: type[BaseResponse],
    backend: type[BaseBackend] | None = None,
    paths: Iterable[str] = (),
) -> None:
    """Serve moto's `service` with these classes, at moto's own paths and at `paths`.

    With a `backend`, what the service held so far is dropped.
    """
    if backend is not None:
        backends = get_backend(service)  # type: ignore[call-overload]
        assert isinstance(backends, BackendDict)
        backends.clear()
        backends.backend = backend
    urls = import_module(f"moto.{service}.urls")
    for path in [*urls.url_paths, *paths]:
        handler = urls.url_paths.get(path, response.dispatch)
        urls.url_paths[path] = getattr(response, handler.__name__)
