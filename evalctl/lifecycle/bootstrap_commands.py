"""The steps of a bootstrap in their order; no other command changes anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from environments.catalog import ARGOCD
from environments.names import ARGOCD_NAMESPACE, Names
from evalctl.kubernetes_yaml import documents
from evalctl.lifecycle.cluster import Workload
from evalctl.lifecycle.identity import Kubectl
from evalctl.lifecycle.problems import NotReadyError
from evalctl.lifecycle.steps import Step
from evalctl.processes import CommandFailedError, output

_WORKLOADS = ("StatefulSet", "Deployment")
# A new node of the general pool takes about three minutes; the images are pulled only once.
_ROLLOUT = "10m"
_BUILD_SECONDS = 180  # one file of 2 MB from GitHub

# Argo CD's own field manager. With another name every field would have two owners, and a field that a
# later version removes would stay. Conflicts are forced because Argo CD does the same when it syncs:
# Git replaces what was changed by hand.
_APPLY = ("apply", "--server-side", "--field-manager=argocd-controller", "--force-conflicts")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What Kustomize builds from the installation's folder."""

    objects: Counter[str]  # by kind
    definitions: tuple[str, ...]
    workloads: tuple[Workload, ...]


def build(names: Names) -> Installation:
    """Build the folder as `kubectl apply` will, to find out first whether everything can be fetched.

    Raises:
        NotReadyError: the folder is missing, cannot be built, or holds no Argo CD.
    """
    required = (names.argocd_installation_folder, *_root_files(names))
    if missing := [path for path in required if not Path(path).exists()]:
        raise NotReadyError(
            f"{', '.join(missing)} not found. Start in the repository's root, after `make render`"
        )
    try:
        text = output(("kubectl", "kustomize", required[0]), seconds=_BUILD_SECONDS)
    except CommandFailedError as error:
        raise NotReadyError(
            f"Kustomize cannot build {required[0]}, whose base is {ARGOCD.manifest_url}: {error.reason}"
        ) from None
    objects = [
        (str(document["kind"]), str(document["metadata"]["name"])) for document in documents(text)
    ]
    installation = Installation(
        objects=Counter(kind for kind, _ in objects),
        definitions=tuple(name for kind, name in objects if kind == "CustomResourceDefinition"),
        workloads=tuple(
            Workload(kind=kind, name=name)
            for workload_kind in _WORKLOADS
            for kind, name in objects
            if kind == workload_kind
        ),
    )
    if not installation.definitions or not installation.workloads:
        raise NotReadyError(f"{ARGOCD.manifest_url} holds no Argo CD; check {required[0]}")
    return installation


def steps(names: Names, kubectl: Kubectl, installation: Installation) -> Iterator[Step]:
    """Argo CD, its definitions, the root's project, its pods, then the root Application, which adds the rest."""
    here = ("--namespace", ARGOCD_NAMESPACE)
    yield Step(
        purpose=f"install Argo CD {ARGOCD.version}, {installation.objects.total()} objects",
        command=kubectl.command(*_APPLY, "--kustomize", names.argocd_installation_folder),
    )
    yield Step(
        purpose="wait until the API serves its custom resource definitions",
        command=kubectl.command(
            "wait",
            "--for=condition=Established",
            "--timeout=2m",
            *(f"customresourcedefinition/{name}" for name in installation.definitions),
        ),
    )
    project, application = _root_files(names)
    # Before the pods run: a controller that has the Application and not yet its project reports an error, and
    # compares again after the resync period only (argocd-cm, timeout.reconciliation), two to three minutes later.
    yield Step(
        purpose=f"create the project of the Application {names.argocd_root}",
        command=kubectl.command(*_APPLY, f"--filename={project}"),
    )
    for workload in installation.workloads:
        yield Step(
            purpose=f"wait until {workload.name} runs",
            command=kubectl.command(
                "rollout", "status", str(workload), *here, f"--timeout={_ROLLOUT}"
            ),
        )
    yield Step(
        purpose=f"hand over to the Application {names.argocd_root}",
        command=kubectl.command(*_APPLY, f"--filename={application}"),
    )


def _root_files(names: Names) -> tuple[str, str]:
    folder, root = names.argocd_folder, names.argocd_root
    return f"{folder}/AppProject-{root}.yaml", f"{folder}/Application-{root}.yaml"
