"""The programs of a control plane and of its controllers, in the folder that CLUSTER_PROGRAMS names."""

import mmap
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from environments.catalog import ADDON_SETS, ARGOCD
from environments.names import Addon
from environments.spec import Environment

VARIABLE = "CLUSTER_PROGRAMS"
MANIFEST_VARIABLE = "ARGOCD_MANIFEST"

_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_BESIDE = (
    "etcd",
    "kwok",
    "metrics-server",
    "argocd",
    "argocd-repo-server",
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "external-secrets",
    "prometheus-operator",
    "kustomize",
    "helm",
)
# From the distribution, with the package of Debian that has it.
_FROM_PATH = {
    "redis-server": "redis-server",
    "kubectl": "kubectl, or `make setup`",
    "git": "git",
}
_HOW_TO_GET = (
    f"Set {VARIABLE} to a folder with the programs of a control plane; `.ci/fetch programs FOLDER` fetches "
    "released ones and checks their hashes (docs/rehearsal.md)"
)


class ProgramsMissingError(Exception):
    """The cluster cannot be rehearsed with the programs on this machine; the message lists what to get."""


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Where the programs are, for one Kubernetes minor."""

    folder: Path
    minor: str
    install_manifest: Path  # of Argo CD

    def path(self, program: str) -> str:
        """The path of a program."""
        if program in _CONTROL_PLANE:
            return str(self.folder / f"kubernetes-{self.minor}" / program)
        return str(self.folder / program)

    @property
    def search_path(self) -> str:
        """The PATH for programs that start others; kubectl and aws are in the folder of Python."""
        beside_python = Path(sys.executable).parent
        path = os.environ.get("PATH", os.defpath)
        return os.pathsep.join([str(self.folder), str(beside_python), path])


def find(minor: str) -> Programs:
    """The programs for a Kubernetes minor, all of them there.

    Raises:
        ProgramsMissingError: naming each missing program, or the minors that the folder has.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        raise ProgramsMissingError(f"{VARIABLE} is not set. {_HOW_TO_GET}.")
    folder = Path(named).resolve()
    if not folder.is_dir():
        raise ProgramsMissingError(f"{VARIABLE} names {named}, which is no folder. {_HOW_TO_GET}.")
    minors = sorted(path.name.removeprefix("kubernetes-") for path in folder.glob("kubernetes-*"))
    if minor not in minors:
        others = f", only of {', '.join(minors)}" if minors else ""
        raise ProgramsMissingError(
            f"There is no control plane of Kubernetes {minor} in {folder}{others}. Add the folder "
            f"kubernetes-{minor} with {', '.join(_CONTROL_PLANE)}; `.ci/fetch programs FOLDER` fetches them."
        )
    manifest = Path(os.environ.get(MANIFEST_VARIABLE) or folder / f"install-{ARGOCD.version}.yaml")
    programs = Programs(folder=folder, minor=minor, install_manifest=manifest.resolve())
    missing = [
        *(
            []
            if manifest.is_file()
            else [
                f"{manifest} is missing: it is {ARGOCD.manifest_url}; {MANIFEST_VARIABLE} may name it"
            ]
        ),
        *(
            f"{path} is missing or no program"
            for path in (programs.path(program) for program in (*_CONTROL_PLANE, *_BESIDE))
            if not os.access(path, os.X_OK)
        ),
        *(
            f"{program} is not installed: apt-get install {package}"
            for program, package in _FROM_PATH.items()
            if shutil.which(program, path=programs.search_path) is None
        ),
    ]
    if missing:
        raise ProgramsMissingError("\n".join([*missing, f"{_HOW_TO_GET}."]))
    return programs


def versions(programs: Programs, env: Environment) -> Iterator[str]:
    """Each program that a cluster has too: the version here, and what the environment pins."""
    charts = ADDON_SETS[env.addon_set].charts
    pins = {
        ("kube-apiserver", "k8s.io/kubernetes"): f"Kubernetes {env.cluster.kubernetes_version}",
        ("argocd", "github.com/argoproj/argo-cd/v3"): ARGOCD.version,
        **{
            (program, module): f"the chart {charts[addon].name} {charts[addon].version}"
            for program, module, addon in (
                (
                    "external-secrets",
                    "github.com/external-secrets/external-secrets",
                    Addon.EXTERNAL_SECRETS,
                ),
                ("metrics-server", "sigs.k8s.io/metrics-server", Addon.METRICS_SERVER),
                (
                    "prometheus-operator",
                    "github.com/prometheus-operator/prometheus-operator",
                    Addon.PROMETHEUS_STACK,
                ),
            )
        },
    }
    for (program, module), pinned in pins.items():
        found = _module_version(Path(programs.path(program)), module)
        yield f"{program}: {found}, the environment pins {pinned}"


def _module_version(program: Path, module: str) -> str:
    """The version that Go has written into a program (runtime/debug.BuildInfo), of its main module."""
    pattern = rb"\n(?:mod|dep)\t" + re.escape(module.encode()) + rb"\t(v\S+)"
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        match = re.search(pattern, text)
        return match[1].decode() if match is not None else "a version that it does not state"
