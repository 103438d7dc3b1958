"""The agent under test: the run's HTTP endpoint, which must be on the internet."""

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpcore

from workload.cases import Case

_SECONDS = 60
_MOST_BYTES = 1_000_000
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address

Address = IPv4Address | IPv6Address


class AgentError(Exception):
    """The agent gave no answer."""


def is_public(address: Address) -> bool:
    """No private, loopback or link-local address (the metadata services), also not inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Checks the address that it connects to: a name may resolve to another one the next time."""

    def __init__(self, allowed: Callable[[Address], bool]) -> None:
        self._allowed = allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(at[0]).partition("%")[0]) for _, _, _, _, at in found]
        if refused := [str(address) for address in addresses if not self._allowed(address)]:
            raise AgentError(f"{host} is {refused[0]}, which is not an address on the internet")
        return await self._network.connect_tcp(
            str(addresses[0]), port, timeout, local_address, socket_options
        )


class Agent:
    """A client of any run's agent. It follows no redirect."""

    def __init__(self, *, allowed: Callable[[Address], bool] = is_public) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=_CheckedNetwork(allowed),
            max_keepalive_connections=0,
        )

    async def answer(self, case: Case, endpoint: str | None) -> str:
        """The recorded answer, or the endpoint's.

        The endpoint receives `{"question": …, "context": […]}` by POST and returns `{"answer": …}`.
        """
        if case.answer is not None:
            return case.answer
        body = json.dumps({"question": case.question, "context": case.context}).encode()
        try:
            async with asyncio.timeout(_SECONDS):
                reply = json.loads(await self._post(endpoint or "", body))
        except (OSError, ValueError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise AgentError(f"the agent did not answer: {error or type(error).__name__}") from None
        answer = reply.get("answer") if isinstance(reply, dict) else None
        if not isinstance(answer, str) or not answer.strip():
            raise AgentError("the agent's reply has no `answer`")
        return answer

    async def _post(self, url: str, body: bytes) -> bytes:
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        async with self._pool.stream("POST", url, headers=headers, content=body) as response:
            if response.status != 200:
                raise AgentError(f"the agent answered with status {response.status}")
            received = b""
            async for chunk in response.aiter_stream():
                received += chunk
                if len(received) > _MOST_BYTES:
                    raise AgentError(f"the agent's reply is larger than {_MOST_BYTES} bytes")
            return received
