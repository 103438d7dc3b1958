"""The real controllers, which run as local programs, and how each is started on loopback."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from environments.names import (
    ARGOCD_NAMESPACE,
    EXTERNAL_SECRETS_NAMESPACE,
    MONITORING_NAMESPACE,
    Addon,
    ExternalSecretsPart,
)
from evalctl.processes import output
from evalctl.rehearsal.cluster.control_plane import ControlPlane
from evalctl.rehearsal.cluster.local_programs import Environment, LocalProgram, Run
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.servers import free_port, is_listening, running

_START_SECONDS = 60
# The name that the chart gives to the Service of the kubelets.
_KUBELET_SERVICE = f"{Addon.PROMETHEUS_STACK}-kubelet"
Process = AbstractContextManager[Popen[bytes]]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Ports of loopback, chosen before the programs start, because they name each other."""

    redis: int = field(default_factory=free_port)
    repo_server: int = field(default_factory=free_port)
    metrics_server: int = field(default_factory=free_port)


@dataclass(frozen=True, kw_only=True)
class Controllers:
    """Builds the list of local programs for one cluster."""

    programs: Programs
    plane: ControlPlane
    aws: EmulatedAws
    ports: Ports = field(default_factory=Ports)

    def all(self) -> Iterator[LocalProgram]:
        yield LocalProgram(
            name="redis-server",
            namespace=ARGOCD_NAMESPACE,
            labels={"app.kubernetes.io/name": "argocd-redis"},
            container="redis",
            run=self._redis,
            initialize=self._redis_password,
        )
        yield _of_argocd("argocd-repo-server", self._repo_server)
        yield _of_argocd("argocd-application-controller", self._application_controller)
        yield _of_argocd("argocd-applicationset-controller", self._application_sets)
        yield LocalProgram(
            name="external-secrets",
            namespace=EXTERNAL_SECRETS_NAMESPACE,
            labels={"app.kubernetes.io/name": ExternalSecretsPart.OPERATOR},
            container="external-secrets",
            run=self._external_secrets,
        )
        yield LocalProgram(
            name="prometheus-operator",
            namespace=MONITORING_NAMESPACE,
            labels={"app.kubernetes.io/name": "kube-prometheus-stack-prometheus-operator"},
            container="kube-prometheus-stack",
            run=self._prometheus_operator,
        )
        yield LocalProgram(
            name="metrics-server",
            namespace="kube-system",
            labels={"app.kubernetes.io/name": "metrics-server"},
            container="metrics-server",
            run=self._metrics_server,
        )

    def _redis_password(self) -> None:
        output(
            (
                *(self.programs.path("argocd"), "admin", "redis-initial-password"),
                *("--kubeconfig", str(self.plane.kubeconfig), "--namespace", ARGOCD_NAMESPACE),
            )
        )

    def _redis(self, environment: Environment) -> Process:
        port = self.ports.redis
        folder = self._folder("redis-server")
        configuration = folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\nsave ''\nappendonly no\n"
            f"requirepass {environment['REDIS_PASSWORD']}\n"
        )
        return self._run("redis-server", "redis-server", str(configuration), port=port)

    def _repo_server(self, environment: Environment) -> Process:
        folder = self._folder("argocd-repo-server")
        for name in ("gpg", "ssh", "tls", "tmp"):
            (folder / name).mkdir(exist_ok=True)
        return self._run(
            "argocd-repo-server",
            self.programs.path("argocd-repo-server"),
            *("--port", str(self.ports.repo_server), "--address", "127.0.0.1"),
            *("--metrics-port", str(free_port()), "--metrics-address", "127.0.0.1"),
            *("--disable-tls", "--client-ca-path", ""),
            *("--redis", f"127.0.0.1:{self.ports.redis}"),
            port=self.ports.repo_server,
            environment={
                **environment,
                "KUBECONFIG": self._kubeconfig("argocd-repo-server"),
                "ARGOCD_GPG_ENABLED": "false",
                "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
                "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
                "TMPDIR": str(folder / "tmp"),
                "HELM_CACHE_HOME": str(folder),
                "HELM_CONFIG_HOME": str(folder),
                "HELM_DATA_HOME": str(folder),
            },
        )

    def _application_controller(self, environment: Environment) -> Process:
        metrics = free_port()
        return self._run(
            "argocd-application-controller",
            self.programs.path("argocd-application-controller"),
            *("--redis", f"127.0.0.1:{self.ports.redis}"),
            *("--repo-server", f"127.0.0.1:{self.ports.repo_server}", "--repo-server-plaintext"),
            *("--metrics-port", str(metrics)),
            port=metrics,
            environment={
                **environment,
                "KUBECONFIG": self._kubeconfig("argocd-application-controller"),
                "ARGOCD_FAKE_IN_CLUSTER": "true",
                "KUBECACHEDIR": str(self._folder("argocd-application-controller") / "cache"),
            },
        )

    def _application_sets(self, environment: Environment) -> Process:
        metrics = free_port()
        return self._run(
            "argocd-applicationset-controller",
            self.programs.path("argocd-applicationset-controller"),
            *("--argocd-repo-server", f"127.0.0.1:{self.ports.repo_server}"),
            "--repo-server-plaintext",
            *("--metrics-addr", f"127.0.0.1:{metrics}"),
            *("--probe-addr", "127.0.0.1:0", "--webhook-addr", "127.0.0.1:0"),
            port=metrics,
            environment={
                **environment,
                "KUBECONFIG": self._kubeconfig("argocd-applicationset-controller"),
                "ARGOCD_FAKE_IN_CLUSTER": "true",
            },
        )

    def _external_secrets(self, environment: Environment) -> Process:
        live = free_port()
        return self._run(
            "external-secrets",
            self.programs.path("external-secrets"),
            *("--metrics-addr", "127.0.0.1:0", "--live-addr", f"127.0.0.1:{live}"),
            "--enable-push-secret-reconciler=false",
            "--enable-cluster-push-secret-reconciler=false",
            "--enable-cluster-external-secret-reconciler=false",
            "--enable-cluster-store-reconciler=false",
            port=live,
            environment={
                **environment,
                **self.aws.environment,
                "KUBECONFIG": str(self.plane.kubeconfig),
                "AWS_SECRETSMANAGER_ENDPOINT": self.aws.url,
                "AWS_STS_ENDPOINT": self.aws.url,
            },
        )

    def _prometheus_operator(self, environment: Environment) -> Process:
        port = free_port()
        return self._run(
            "prometheus-operator",
            self.programs.path("prometheus-operator"),
            f"--apiserver={self.plane.url}",
            f"--cert-file={self.plane.admin.certificate}",
            f"--key-file={self.plane.admin.key}",
            f"--ca-file={self.plane.authority.pair.certificate}",
            f"--kubelet-service=kube-system/{_KUBELET_SERVICE}",
            f"--web.listen-address=127.0.0.1:{port}",
            port=port,
            environment=environment,
        )

    def _metrics_server(self, environment: Environment) -> Process:
        port = self.ports.metrics_server
        kubeconfig = str(self.plane.kubeconfig)
        return self._run(
            "metrics-server",
            self.programs.path("metrics-server"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self._folder('metrics-server')}",
            "--kubelet-use-node-status-port",
            "--kubelet-preferred-address-types=ExternalIP",  # where kwok answers
            "--kubelet-insecure-tls",
            "--kubelet-request-timeout=5s",
            "--metric-resolution=10s",
            port=port,
            environment=environment,
        )

    def _kubeconfig(self, service_account: str) -> str:
        return str(self.plane.kubeconfig_of(f"{ARGOCD_NAMESPACE}:{service_account}"))

    def _folder(self, name: str) -> Path:
        folder = self.plane.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _run(
        self, name: str, *command: str, port: int, environment: Environment | None = None
    ) -> Process:
        folder = self._folder(name)
        return running(
            *command,
            log=folder / f"{name}.log",
            ready=lambda: is_listening(port),
            environment={
                **(environment or {}),
                "PATH": self.programs.search_path,
                "HOME": str(folder),
                # No proxy of this machine stands between the programs and loopback.
                "NO_PROXY": "*",
                "GIT_CONFIG_NOSYSTEM": "1",
            },
            start_seconds=_START_SECONDS,
        )


def _of_argocd(name: str, run: Run) -> LocalProgram:
    """A program of Argo CD: its label and its container have its name."""
    return LocalProgram(
        name=name,
        namespace=ARGOCD_NAMESPACE,
        labels={"app.kubernetes.io/name": name},
        container=name,
        run=run,
    )
