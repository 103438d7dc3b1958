"""Replaces the classes of a service in moto with extended ones."""

from collections.abc import Iterable
from importlib import import_module
from typing import TypeVar

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse

B = TypeVar("B", bound=BaseBackend)


def extend(
    service: str,
    *,
    response: type[BaseResponse],
    backend: type[BaseBackend] | None = None,
    paths: Iterable[str] = (),
) -> None:
    """Serve moto's `service` with these classes, at moto's own paths and at `paths`.

    A new `backend` starts empty: the resources that the service held are dropped.
    """
    urls = import_module(f"moto.{service}.urls")
    if backend is not None:
        # moto derives the URL module from the module of the back end's class, which is not moto's.
        setattr(backend, "_url_module", urls)  # noqa: B010  (a read-only property in moto's class)
        backends = get_backend(service)  # type: ignore[call-overload]
        assert isinstance(backends, BackendDict)
        backends.clear()
        backends.backend = backend
    for path in [*urls.url_paths, *paths]:
        handler = urls.url_paths.get(path, response.dispatch)
        urls.url_paths[path] = getattr(response, handler.__name__)


def extended(backend: BaseBackend, class_: type[B]) -> B:
    """The same back end under its extended type; moto declares its own type."""
    assert isinstance(backend, class_)
    return backend
