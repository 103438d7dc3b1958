"""The commands of a bootstrap, in their order: the only ones that change anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from environments.catalog import ARGOCD
from environments.names import ARGOCD_NAMESPACE, Names
from evalctl.lifecycle.cluster import Workload
from evalctl.lifecycle.identity import Kubectl
from evalctl.lifecycle.problems import NotReadyError
from evalctl.lifecycle.steps import Step
from evalctl.processes import CommandFailedError, output

_WORKLOADS = ("StatefulSet", "Deployment")
# A new node of the general pool is there in about three minutes, and images are pulled once.
_ROLLOUT = "10m"
_BUILD_SECONDS = 180  # one file of 2 MB from GitHub

# Argo CD's own name for its changes. Under another name every field would have two owners, and one
# that a later release drops would stay. Git wins over whoever changed something by hand, as it does
# whenever Argo CD syncs.
_APPLY = ("apply", "--server-side", "--field-manager=argocd-controller", "--force-conflicts")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What the installation's folder builds to."""

    objects: Counter[str]  # by kind
    definitions: tuple[str, ...]
    workloads: tuple[Workload, ...]


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a bare `=` is a string."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.construct_yaml_str
    }


def build(names: Names) -> Installation:
    """Build the folder as `kubectl apply` will, so that what cannot be fetched is known before.

    Raises:
        NotReadyError: the folder is not there, cannot be built, or builds to something else.
    """
    wanted = (names.argocd_installation_folder, *_root_files(names))
    if missing := [path for path in wanted if not Path(path).exists()]:
        raise NotReadyError(
            f"{', '.join(missing)} not found: start in the repository's root, after `make render`"
        )
    try:
        text = output(("kubectl", "kustomize", wanted[0]), seconds=_BUILD_SECONDS)
    except CommandFailedError as error:
        raise NotReadyError(
            f"Kustomize cannot build {wanted[0]}, whose base is {ARGOCD.manifest_url}: {error.reason}"
        ) from None
    found = [
        (str(document["kind"]), str(document["metadata"]["name"]))
        for document in yaml.load_all(text, Loader=_Loader)
    ]
    installation = Installation(
        objects=Counter(kind for kind, _ in found),
        definitions=tuple(name for kind, name in found if kind == "CustomResourceDefinition"),
        workloads=tuple(
            Workload(kind=kind, name=name)
            for wanted_kind in _WORKLOADS
            for kind, name in found
            if kind == wanted_kind
        ),
    )
    if not installation.definitions or not installation.workloads:
        raise NotReadyError(f"{ARGOCD.manifest_url} holds no Argo CD; look at {wanted[0]}")
    return installation


def steps(names: Names, kubectl: Kubectl, installation: Installation) -> Iterator[Step]:
    """Argo CD, its definitions, its pods, and then the root Application, which brings the rest."""
    here = ("--namespace", ARGOCD_NAMESPACE)
    yield Step(
        purpose=f"install Argo CD {ARGOCD.version}, {installation.objects.total()} objects",
        command=kubectl.command(*_APPLY, "--kustomize", names.argocd_installation_folder),
    )
    yield Step(
        purpose="its definitions are known to the API",
        command=kubectl.command(
            "wait",
            "--for=condition=Established",
            "--timeout=2m",
            *(f"customresourcedefinition/{name}" for name in installation.definitions),
        ),
    )
    for workload in installation.workloads:
        yield Step(
            purpose=f"{workload.name} runs",
            command=kubectl.command(
                "rollout", "status", str(workload), *here, f"--timeout={_ROLLOUT}"
            ),
        )
    yield Step(
        purpose=f"hand over to the Application {names.argocd_root}",
        command=kubectl.command(*_APPLY, *(f"--filename={path}" for path in _root_files(names))),
    )


def _root_files(names: Names) -> tuple[str, ...]:
    return tuple(
        f"{names.argocd_folder}/{kind}-{names.argocd_root}.yaml"
        for kind in ("AppProject", "Application")
    )
