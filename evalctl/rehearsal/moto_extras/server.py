"""`python -m evalctl.rehearsal.moto_extras.server -p PORT`: moto's server with the extended services."""

import argparse
import ipaddress
import signal
import sys
from collections.abc import Iterable
from threading import Lock
from types import FrameType
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

from . import install
from .error_responses import WsgiApp, with_error_responses
from .repeated_requests import answered_once


def loopback(host: str) -> str:
    """The address, if only this machine can reach it."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(host)
    return host


def one_at_a_time(app: WsgiApp) -> WsgiApp:
    """The app, for one request at a time.

    moto keeps its state in plain dictionaries and protects none of them. A request that fails because
    another one changed them gets an internal error after its work is done; the client repeats it, and
    AWS refuses what is there already.
    """
    lock = Lock()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return wrapped


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="evalctl.rehearsal.moto_extras.server", description=__doc__
    )
    parser.add_argument("-H", "--host", type=loopback, default="127.0.0.1")
    parser.add_argument("-p", "--port", type=int, default=5000)
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _stop)
    install()
    run_simple(
        arguments.host,
        arguments.port,
        one_at_a_time(
            answered_once(with_error_responses(DomainDispatcherApplication(create_backend_app)))
        ),
        threaded=True,
        request_handler=MotoRequestHandler,
    )


def _stop(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
