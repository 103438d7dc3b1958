"""The only way out of the API server: to the local program that stands for a Service, or nowhere.

The API server sends calls to aggregated APIs and webhooks through an HTTP CONNECT proxy (Kubernetes,
"EgressSelectorConfiguration"). Without it, it would look for the cluster's addresses in this machine's
network.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import yaml

# The port of the local program for an address of the cluster; None refuses the call.
Resolve = Callable[[str, int], Awaitable[int | None]]

_HEAD_LIMIT = 16 * 1024
_CHUNK = 64 * 1024
_ROUND_SECONDS = 2


def configuration(folder: Path, socket: Path) -> Path:
    """Write the API server's configuration: every call into the cluster goes to the socket."""
    path = folder / "egress.yaml"
    selection = {
        "name": "cluster",
        "connection": {
            "proxyProtocol": "HTTPConnect",
            "transport": {"uds": {"udsName": str(socket)}},
        },
    }
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "apiserver.k8s.io/v1beta1",
                "kind": "EgressSelectorConfiguration",
                "egressSelections": [selection],
            }
        )
    )
    return path


@asynccontextmanager
async def proxy(socket: Path, resolve: Resolve) -> AsyncIterator[None]:
    """A CONNECT proxy on a Unix socket."""

    connections: set[asyncio.Task[None]] = set()  # asyncio itself keeps no reference to them

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await _connect(reader, writer, resolve)
        finally:
            writer.close()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(connection(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_unix_server(serve, path=socket, limit=_HEAD_LIMIT)
    try:
        yield
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, resolve: Resolve
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, target, _ = head.split(" ", 2)
    host, _, port = target.rpartition(":")
    local = await resolve(host, int(port)) if method == "CONNECT" else None
    if local is None:
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        await writer.drain()
        return
    try:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", local)
    except OSError:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        await writer.drain()
        return
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await writer.drain()
    copies = [
        asyncio.create_task(_copy(reader, upstream_writer)),
        asyncio.create_task(_copy(upstream_reader, writer)),
    ]
    try:
        while (await asyncio.wait(copies, timeout=_ROUND_SECONDS))[1]:
            if await resolve(host, int(port)) != local:
                break  # the program's pod is gone, and with it what is connected to it
    finally:
        for copy in copies:
            copy.cancel()
        upstream_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof() if writer.can_write_eof() else writer.close()
