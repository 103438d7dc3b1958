"""A checkout, an emulated AWS with dev's cluster in it, and an API behind that cluster's address."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from environments.dev import DEV
from environments.names import Names
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from tests.evalctl.lifecycle.fake_api import Cluster, kubectl_minor, new_cluster, serving
from tests.support import argocd_release
from tests.support.chart_repository import chart_repository, charts_of, use_in
from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS, program

NAMES = Names(DEV)
CONTEXT = "an-arbitrary-name"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A person at a terminal in a checkout, with programs, a kubeconfig and AWS credentials."""

    checkout: Path
    environment: dict[str, str]

    def bootstrap(self, *options: str, env: str = "dev") -> subprocess.CompletedProcess[str]:
        return self._evalctl("bootstrap", env, *options)

    def quotas(self, *options: str, env: str = "dev") -> subprocess.CompletedProcess[str]:
        return self._evalctl("quotas", env, *options)

    def sync(self, *options: str, env: str = "dev") -> subprocess.CompletedProcess[str]:
        return self._evalctl("sync", env, *options)

    def teardown(
        self, *options: str, env: str = "dev", typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return self._evalctl("teardown", env, *options, typed=typed)

    def _evalctl(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evalctl.main", *command],
            cwd=self.checkout,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=HANGS_SECONDS,
            check=False,
        )

    @property
    def commands(self) -> list[str]:
        """Every call of kubectl, aws and cdktf so far, as typed."""
        log = self.checkout / "calls.log"
        if not log.exists():
            return []
        calls = log.read_text().split("\0\n")[:-1]
        return [shlex.join(call.split("\0")) for call in calls]

    def without(self, name: str) -> "Operator":
        """The same person without a program."""
        programs = self.checkout / f"no-{name}"
        shutil.copytree(self.checkout / "programs", programs, symlinks=True)
        (programs / name).unlink()
        return Operator(
            checkout=self.checkout, environment=self.environment | {"PATH": str(programs)}
        )


def create_cluster(aws: EmulatedAws) -> None:
    aws.client("eks").create_cluster(
        name=NAMES.cluster,
        roleArn=NAMES.role_arn("cluster"),
        resourcesVpcConfig={"subnetIds": ["subnet-1"]},
    )


@pytest.fixture(scope="session")
def kubectl() -> str:
    return program("kubectl", get_it="https://kubernetes.io/docs/tasks/tools")


@pytest.fixture(scope="session")
def minor(kubectl: str) -> int:
    """The minor of this machine's kubectl, which is also the cluster's."""
    return kubectl_minor(kubectl)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """Dev's account, with dev's cluster."""
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with emulated_aws(DEV.account, log) as account:
        create_cluster(account)
        yield account


@pytest.fixture(scope="session")
def endpoint(aws: EmulatedAws) -> str:
    """The address that EKS gave dev's cluster."""
    described = aws.client("eks").describe_cluster(name=NAMES.cluster)
    return str(described["cluster"]["endpoint"])


@pytest.fixture
def cluster(minor: int) -> Cluster:
    """A new cluster, as the stacks leave it: a node, the add-ons, nothing of Argo CD."""
    return new_cluster(minor)


def write_program(
    program: Path, does: str, *, log: Path | None = None, name: str | None = None
) -> None:
    """A program that does this with its arguments, and logs its calls in the folder `log`."""
    log_call = f"(printf '%s\\0' {name or program.name} \"$@\"; echo) >> {log}/calls.log\n"
    program.write_text(f'#!/bin/sh\n{log_call if log else ""}{does} "$@"\n')
    program.chmod(0o755)


@pytest.fixture(scope="session")
def repository(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chart repository with every chart that dev's Applications fetch."""
    folder = tmp_path_factory.mktemp("charts") / "repository"
    with chart_repository(folder, charts_of(rendered / "dev" / "argocd")) as address:
        yield address


@pytest.fixture
def checkout(
    rendered: Path, tmp_path: Path, kubectl: str, repository: str, aws_command: str
) -> Path:
    """The rendered files, with stand-ins for what the internet has, and programs that log their calls."""
    folder = tmp_path / "checkout"
    for part in ("argocd", "argocd-install"):
        shutil.copytree(rendered / "dev" / part, folder / "rendered" / "dev" / part)
    (folder / "environments").symlink_to(ROOT / "environments")
    argocd_release.substitute_in(folder / "rendered" / "dev" / "argocd-install")
    use_in(folder / "rendered" / "dev" / "argocd", repository)
    programs = folder / "programs"
    programs.mkdir()
    for name in ("git", "bash", "env"):
        found = program(name, get_it="it comes with the machine")
        # Not a link: the shims of version managers depend on their own name.
        write_program(programs / name, f"PATH={os.environ['PATH']} exec {found}")
    write_program(programs / "aws", f"exec {aws_command}", log=folder)
    write_program(programs / "kubectl", f"exec {kubectl}", log=folder)
    return folder


@pytest.fixture
def operator(
    checkout: Path, aws: EmulatedAws, endpoint: str, cluster: Cluster, tmp_path: Path
) -> Iterator[Operator]:
    """A person whose kubeconfig leads to dev's cluster, and whose credentials are dev's."""
    with serving(cluster, host=str(urlsplit(endpoint).hostname), folder=tmp_path) as reached:
        elsewhere = {"server": "https://elsewhere.example.com"}
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [
                        {"name": "dev", "cluster": reached | {"server": endpoint}},
                        {"name": "elsewhere", "cluster": elsewhere},
                    ],
                    "users": [{"name": "me", "user": {"token": "made-up"}}],
                    "contexts": [
                        {"name": CONTEXT, "context": {"cluster": "dev", "user": "me"}},
                        {
                            "name": NAMES.cluster_arn,
                            "context": {"cluster": "elsewhere", "user": "me"},
                        },
                    ],
                    "current-context": CONTEXT,
                }
            )
        )
        yield Operator(
            checkout=checkout,
            environment=aws.environment
            | {
                "PATH": str(checkout / "programs"),
                "PYTHONPATH": str(ROOT),  # this checkout's evalctl, not an installed one
                "HOME": str(tmp_path),
                "KUBECONFIG": str(kubeconfig),
                "KUBECACHEDIR": str(tmp_path / "cache"),
                "COLUMNS": "80",
            },
        )
