"""The job queue on loopback: redis-server with TLS and exactly the rendered users, and its failover."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from environments.queue_users import APPLICATION, METRICS
from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.restartable import Restartable
from evalctl.processes import CommandFailedError, output
from evalctl.servers import free_port

_ADMIN = "conformance"


@dataclass
class Redis:
    """One server: its address for clients, the application's user, and commands of an administrator."""

    host: str
    port: int
    user: str
    password: str
    folder: Path
    server: Restartable
    admin_password: str = field(repr=False)

    def command(self, *words: str) -> str:
        """The answer to an administrator's command, over the server's own socket.

        Raises:
            CommandFailedError: the server is down.
        """
        login = ("-s", str(_socket(self.folder)), "--user", _ADMIN, "--pass", self.admin_password)
        return output(("redis-cli", *login, "--no-auth-warning", *words)).strip()

    def rotate(self, password: str) -> None:
        """Replace the password: connections with the old one end, and new ones are refused."""
        self.command("ACL", "SETUSER", self.user, "resetpass", f">{password}")
        self.password = password
        self.command("CLIENT", "KILL", "USER", self.user)

    def listen(self, port: int) -> None:
        """Accept clients on this port instead; 0 accepts none and ends all connections."""
        self.command("CONFIG", "SET", "tls-port", str(port))
        if port == 0:
            self.command("CLIENT", "KILL", "TYPE", "normal")

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """No client can connect for the length of a block; the data stays."""
        self.listen(0)
        try:
            yield
        finally:
            self.listen(self.port)

    def replicate_to(self, replica: "Redis") -> None:
        """Make the other server a copy of this one that follows it."""
        replica.command("REPLICAOF", self.host, str(self.port))

    def fail_over_to(self, replica: "Redis") -> None:
        """End this server and let its replica take over the address, as ElastiCache's endpoint does."""
        self.server.stop()
        replica.command("REPLICAOF", "NO", "ONE")
        replica.port = self.port
        replica.listen(self.port)


@contextmanager
def redis(folder: Path, authority: Authority, *, copy_of: Redis | None = None) -> Iterator[Redis]:
    """A running server whose certificate the authority signs; a copy has the passwords of another.

    Raises:
        NotStartedError: it did not start; with the end of its log.
    """
    folder.mkdir()
    port = free_port()
    password = copy_of.password if copy_of else secrets.token_urlsafe(16)
    admin_password = copy_of.admin_password if copy_of else secrets.token_urlsafe(16)
    pair = authority.server(folder.name)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        "\n".join(
            (
                "bind 127.0.0.1",
                "port 0",
                f"tls-port {port}",
                f"tls-cert-file {pair.certificate}",
                f"tls-key-file {pair.key}",
                f"tls-ca-cert-file {authority.pair.certificate}",
                "tls-auth-clients no",
                "tls-replication yes",
                f"masteruser {_ADMIN}",
                f"masterauth {admin_password}",
                f"unixsocket {_socket(folder)}",
                f"dir {folder}",
                'save ""',
                "repl-diskless-sync-delay 0",
                "maxmemory-policy noeviction",
                "user default off",
                f"user {_ADMIN} on ~* &* +@all >{admin_password}",
                f"user {APPLICATION.name} {APPLICATION.access} >{password}",
                f"user {METRICS.name} {METRICS.access} >{secrets.token_urlsafe(16)}",
                "",
            )
        )
    )
    server = Restartable(
        *("redis-server", str(configuration)),
        log=folder / "redis.log",
        ready=lambda: _answers(started),
    )
    started = Redis(
        host="127.0.0.1",
        port=port,
        user=APPLICATION.name,
        password=password,
        folder=folder,
        server=server,
        admin_password=admin_password,
    )
    with server:
        yield started


def _answers(server: Redis) -> bool:
    with suppress(CommandFailedError):
        return server.command("PING") == "PONG"
    return False


def _socket(folder: Path) -> Path:
    return folder / "socket"
