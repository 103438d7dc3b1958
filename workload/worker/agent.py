"""The agent under test: the run's HTTP endpoint, which must be on the internet."""

import errno
import json
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import aiohttp
from pydantic import AnyHttpUrl

from workload.requests import Case, RequestError, storable

_SECONDS = 60
_MOST_BYTES = 1_000_000
_UNICAST = IPv6Network("2000::/3")  # RFC 4291: everything else is reserved, deprecated or local
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address


class AgentError(Exception):
    """The agent gave no answer."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """No private, loopback or link-local address (the metadata services), also not inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
        if address.teredo is not None or address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _checked_socket(found: aiohttp.AddrInfoType) -> socket.socket:
    """Checks the address that is connected to: a name may resolve to another one the next time."""
    family, kind, protocol, _, (host, *_) = found
    if not is_public(ip_address(str(host).partition("%")[0])):
        raise PermissionError(errno.EACCES, f"{host} is not an address on the internet")
    return socket.socket(family, kind, protocol)


async def answer(case: Case, endpoint: AnyHttpUrl | None) -> str:
    """The recorded answer, or the endpoint's. No redirect is followed.

    The endpoint receives `{"question": …, "context": […]}` by POST and returns `{"answer": …}`.
    """
    if case.answer is not None:
        return case.answer
    body = {"question": case.question, "context": case.context}
    try:
        reply = json.loads(await _post(str(endpoint), body))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        message = str(error) or type(error).__name__
        raise AgentError(f"the agent did not answer: {message}") from None
    text = reply.get("answer") if isinstance(reply, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise AgentError("the agent's reply has no `answer`")
    try:
        return storable(text)
    except RequestError as error:
        raise AgentError(f"the agent's answer {error}") from None


async def _post(url: str, body: object) -> bytes:
    connector = aiohttp.TCPConnector(socket_factory=_checked_socket)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    # Without decompression the limit holds for what is in memory.
    client = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)
    async with client, client.post(url, json=body, allow_redirects=False) as response:
        if response.status != 200:
            raise AgentError(f"the agent answered with status {response.status}")
        received = b""
        async for chunk in response.content.iter_any():
            received += chunk
            if len(received) > _MOST_BYTES:
                raise AgentError(f"the agent's reply is larger than {_MOST_BYTES} bytes")
        return received
