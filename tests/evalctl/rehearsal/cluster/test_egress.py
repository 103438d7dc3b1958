"""The proxy through which the API server reaches the programs that stand for Services."""

import asyncio
from pathlib import Path

from evalctl.rehearsal.cluster import egress


async def _answer(socket: Path, request: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(request)
    await writer.drain()
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    if b"200" in head:
        writer.write(b"hello")
        await writer.drain()
        head += await asyncio.wait_for(reader.readexactly(5), 5)
    writer.close()
    return head


async def _through(folder: Path, request: bytes, *, known: bool) -> bytes:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    resolved: list[tuple[str, int]] = []

    async def resolve(host: str, target: int) -> int | None:
        resolved.append((host, target))
        return port if known else None

    async with server, egress.proxy(folder / "egress.sock", resolve):
        found = await _answer(folder / "egress.sock", request)
    assert resolved in ([("172.20.0.9", 443)], [])
    return found


CONNECT = b"CONNECT 172.20.0.9:443 HTTP/1.1\r\nHost: 172.20.0.9:443\r\n\r\n"


def test_a_known_address_leads_to_its_program(tmp_path: Path) -> None:
    found = asyncio.run(_through(tmp_path, CONNECT, known=True))
    assert found.startswith(b"HTTP/1.1 200")
    assert found.endswith(b"hello")


def test_an_address_without_a_program_is_refused(tmp_path: Path) -> None:
    assert asyncio.run(_through(tmp_path, CONNECT, known=False)).startswith(b"HTTP/1.1 502")


def test_only_connections_are_served(tmp_path: Path) -> None:
    request = b"GET http://172.20.0.9/ HTTP/1.1\r\n\r\n"
    assert asyncio.run(_through(tmp_path, request, known=True)).startswith(b"HTTP/1.1 502")


async def _cut_off(folder: Path) -> bytes:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    ports: list[int | None] = [server.sockets[0].getsockname()[1]]

    async def resolve(_host: str, _port: int) -> int | None:
        return ports[0]

    socket = folder / "egress.sock"
    async with server, egress.proxy(socket, resolve):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(CONNECT)
        await reader.readuntil(b"\r\n\r\n")
        ports[0] = None
        found = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    return found


def test_an_open_connection_ends_when_its_program_is_out_of_reach(tmp_path: Path) -> None:
    assert asyncio.run(_cut_off(tmp_path)) == b""
