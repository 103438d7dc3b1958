"""etcd, API server, controller manager and scheduler on loopback, set up as EKS sets them up."""

import asyncio
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from lightkube import AsyncClient
from lightkube.config.kubeconfig import KubeConfig

from evalctl.local_servers.certificates import Authority, KeyPair
from evalctl.rehearsal.cluster import credentials, egress
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.servers import free_port, is_listening, running, started_in_thread

# What EKS enables besides the API server's defaults (EKS user guide, "Platform versions").
_EKS_ADMISSION = ("NodeRestriction", "ExtendedResourceToleration")
# No pod of the cluster runs, so a webhook has no program that could answer.
_WITHOUT_PROGRAM = ("MutatingAdmissionWebhook", "ValidatingAdmissionWebhook")
_START_SECONDS = 60
# Between two decisions of the autoscaler; the controller manager's default.
HPA_SYNC_SECONDS = 15
_API_SERVER = "kube-apiserver"


@dataclass
class Part:
    """A program of the control plane, which can be stopped and started again, also in another version."""

    run: Callable[[Programs], AbstractContextManager[Popen[bytes]]]
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, programs: Programs) -> None:
        await self._running.enter_async_context(started_in_thread(self.run(programs)))

    async def stop(self) -> None:
        await self._running.aclose()


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running control plane."""

    url: str
    context: str
    folder: Path
    authority: Authority
    admin: KeyPair
    parts: dict[str, Part] = field(default_factory=dict)  # by program, in the order of their start

    async def restart_api_server(self, programs: Programs, *, down_seconds: float = 0) -> None:
        """Stop the API server, and start it with the same address and data.

        Raises:
            NotStartedError: it was not ready in time.
        """
        await self.parts[_API_SERVER].stop()
        await asyncio.sleep(down_seconds)
        await self.parts[_API_SERVER].start(programs)

    async def replace(self, programs: Programs) -> None:
        """Start each part anew with other programs, the API server first, as a new minor requires.

        Raises:
            NotStartedError: a part was not ready in time.
        """
        for part in self.parts.values():
            await part.stop()
            await part.start(programs)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "kubeconfig"

    def client(self) -> AsyncClient:
        """A client with the administrator's permissions."""
        return AsyncClient(
            config=KubeConfig.from_file(str(self.kubeconfig)).get(self.context),
            field_manager="rehearsal",
        )

    def kubeconfig_of(self, service_account: str) -> Path:
        """A kubeconfig for a program that runs with a service account (`namespace:name`)."""
        namespace, _, name = service_account.partition(":")
        return credentials.kubeconfig(
            self.folder / f"{namespace}-{name}.kubeconfig",
            server=self.url,
            authority=self.authority,
            client=self.admin,
            context=self.context,
            namespace=namespace,
            service_account=service_account,
        )


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the API server will listen, known before it starts."""

    port: int
    authority: Authority

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def choose_address(folder: Path) -> Address:
    """A free port and a new certificate authority."""
    return Address(port=free_port(), authority=Authority(folder))


@asynccontextmanager
async def control_plane(
    programs: Programs,
    folder: Path,
    *,
    address: Address,
    context: str,
    service_range: str,
    resolve: egress.Resolve,
    hpa_sync_seconds: int = HPA_SYNC_SECONDS,
) -> AsyncIterator[ControlPlane]:
    """A control plane from when it answers to the block's end.

    `hpa_sync_seconds` is the pause between two decisions of the autoscaler; Kubernetes' own is the default.

    Raises:
        NotStartedError: a program ended, or was not ready in time; with the end of its log.
    """
    authority = address.authority
    admin = authority.client("administrator", group="system:masters")
    plane = ControlPlane(
        url=address.url, context=context, folder=folder, authority=authority, admin=admin
    )
    credentials.kubeconfig(
        plane.kubeconfig, server=plane.url, authority=authority, client=admin, context=context
    )
    socket = folder / "egress.sock"
    async with AsyncExitStack() as stack:
        etcd = await stack.enter_async_context(_etcd(programs, folder))
        await stack.enter_async_context(egress.proxy(socket, resolve))
        plane.parts[_API_SERVER] = _api_server(
            plane,
            port=address.port,
            etcd=etcd,
            service_range=service_range,
            egress_configuration=egress.configuration(folder, socket),
        )
        plane.parts["kube-controller-manager"] = _controller(
            plane, "kube-controller-manager", *_controllers(plane, hpa_sync_seconds)
        )
        plane.parts["kube-scheduler"] = _controller(plane, "kube-scheduler")
        for part in plane.parts.values():
            stack.push_async_callback(part.stop)
            await part.start(programs)
        yield plane


@asynccontextmanager
async def _etcd(programs: Programs, folder: Path) -> AsyncIterator[str]:
    """The cluster's store; nothing is flushed to the disk, because nothing outlives the rehearsal."""
    port, peers = free_port(), free_port()
    url, peer_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
    async with started_in_thread(
        running(
            programs.path("etcd"),
            *("--name", "rehearsal", "--data-dir", str(folder / "etcd")),
            *("--listen-client-urls", url, "--advertise-client-urls", url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", f"rehearsal={peer_url}"),
            *("--unsafe-no-fsync", "--log-level", "warn"),
            log=folder / "etcd.log",
            ready=lambda: is_listening(port),
            start_seconds=_START_SECONDS,
        )
    ):
        yield url


def _api_server(
    plane: ControlPlane,
    *,
    port: int,
    etcd: str,
    service_range: str,
    egress_configuration: Path,
) -> Part:
    folder, authority = plane.folder, plane.authority
    server = authority.server(_API_SERVER, "kubernetes.default.svc")
    front_proxy = authority.client("front-proxy")
    tokens = credentials.service_account_key(folder)
    # The certificate authority signs the front proxy's certificate too, so its name is required.
    options = (
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # the only address is loopback, which it refuses
        f"--secure-port={port}",
        f"--tls-cert-file={server.certificate}",
        f"--tls-private-key-file={server.key}",
        f"--client-ca-file={authority.pair.certificate}",
        "--authorization-mode=Node,RBAC",
        "--anonymous-auth=false",
        f"--service-cluster-ip-range={service_range}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-signing-key-file={tokens}",
        f"--service-account-key-file={tokens}",
        f"--requestheader-client-ca-file={authority.pair.certificate}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={front_proxy.certificate}",
        f"--proxy-client-key-file={front_proxy.key}",
        f"--egress-selector-config-file={egress_configuration}",
        f"--enable-admission-plugins={','.join(_EKS_ADMISSION)}",
        f"--disable-admission-plugins={','.join(_WITHOUT_PROGRAM)}",
        "--allow-privileged=true",
        "--profiling=false",
    )
    return Part(
        lambda programs: running(
            programs.path(_API_SERVER),
            *options,
            log=folder / f"{_API_SERVER}.log",
            ready=lambda: _is_ready(plane),
            start_seconds=_START_SECONDS,
            # It waits for its watches to end; nothing is lost when it is killed.
            grace_seconds=2,
        )
    )


def _controller(plane: ControlPlane, program: str, *options: str) -> Part:
    port = free_port()
    return Part(
        lambda programs: running(
            programs.path(program),
            f"--kubeconfig={plane.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            *options,
            log=plane.folder / f"{program}.log",
            ready=lambda: is_listening(port),
            start_seconds=_START_SECONDS,
        )
    )


def _controllers(plane: ControlPlane, hpa_sync_seconds: int) -> tuple[str, ...]:
    authority = plane.authority.pair
    return (
        f"--service-account-private-key-file={plane.folder / 'service-accounts.key'}",
        f"--root-ca-file={authority.certificate}",
        f"--cluster-signing-cert-file={authority.certificate}",
        f"--cluster-signing-key-file={authority.key}",
        "--use-service-account-credentials=true",
        f"--horizontal-pod-autoscaler-sync-period={hpa_sync_seconds}s",
    )


def _is_ready(plane: ControlPlane) -> bool:
    context = ssl.create_default_context(cafile=str(plane.authority.pair.certificate))
    context.load_cert_chain(plane.admin.certificate, plane.admin.key)
    try:
        with urllib.request.urlopen(f"{plane.url}/readyz", timeout=2, context=context) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
