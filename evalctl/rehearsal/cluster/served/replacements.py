"""The short list of what the served copy changes in an environment's rendered files."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from bindings.yaml_text import to_yaml
from environments.catalog import ARGOCD
from environments.names import App, Names
from evalctl.rehearsal.cluster.served.problem import NotServedError

Document = dict[str, object]

# The copy of Argo CD's install manifest, beside the kustomization: Kustomize reads no file above it.
INSTALL_MANIFEST = "install.yaml"


# The keys under which Argo CD's objects name repositories.
_ADDRESS_KEYS = ("repoURL", "sourceRepos")
_ARGOCD_IMAGE = re.compile(r"quay\.io/argoproj/argocd:(v[\w.]+)")
EVERY_MINUTE = "* * * * *"


class Windows(StrEnum):
    """What the sync windows of the served AppProjects do."""

    AS_RENDERED = "as rendered"
    OPEN = "open"
    CLOSED = "closed"


_WINDOWS = {
    Windows.AS_RENDERED: "as rendered",
    Windows.OPEN: "open, none in any AppProject",
    Windows.CLOSED: "closed, each AppProject's windows deny at all times",
}


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """One difference between the served copy and the checkout."""

    description: str  # which the command prints
    folder: str  # of the rendered files that it may change
    change: Callable[[Document], Document]


def replacements(
    names: Names,
    *,
    repository: str,
    charts: Mapping[str, str],
    install_manifest: Path,
    windows: Windows,
    faster: int,
    github: str,
) -> tuple[Replacement, ...]:
    """Everything that differs: where Git, charts and Argo CD's manifests come from, and the windows.

    The periods of the workers' autoscaler are divided by `faster`.
    """
    own = {names.env.repository.url: repository}
    return (
        Replacement(
            description=f"Git: {names.env.repository.url} is {repository}",
            folder=names.argocd_folder,
            change=lambda document: _with_addresses(document, own),
        ),
        *(_chart_repository(names, real, served) for real, served in charts.items()),
        Replacement(
            description=f"GitHub's API, where pull requests get previews: {github}, without an App's key",
            folder=names.argocd_folder,
            change=lambda document: _with_github(document, github),
        ),
        Replacement(
            description=f"Argo CD's manifests: {ARGOCD.manifest_url} is {_described(install_manifest)}",
            folder=names.argocd_installation_folder,
            change=_with_local_manifest,
        ),
        Replacement(
            description=f"sync windows: {_WINDOWS[windows]}",
            folder=names.argocd_folder,
            change=lambda document: _with_windows(document, windows),
        ),
        *(
            ()
            if faster == 1
            else (
                Replacement(
                    description=f"the autoscaler's windows and periods: divided by {faster}",
                    folder=names.app_folder(App.WORKER),
                    change=lambda document: _faster(document, faster),
                ),
            )
        ),
    )


def replaced(path: str, text: str, changes: Sequence[Replacement]) -> str:
    """The text of a file of the checkout as it is served; what no replacement changes stays as it is.

    Raises:
        NotServedError: it names a repository that is not served.
    """
    changes = [change for change in changes if Path(change.folder) == Path(path).parent]
    if not changes or not path.endswith(".yaml"):
        return text
    try:
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return text  # a check may serve a broken manifest
    if not isinstance(document, dict):
        return text
    served: Document = document
    for change in changes:
        served = change.change(served)
    for address in _addresses(served):
        if not address.startswith(("file://", "http://127.0.0.1:")):
            raise NotServedError(
                f"{path} names the repository {address}, which the rehearsal does not serve: add its "
                "charts, or correct the address"
            )
    return text if served == document else to_yaml(served)


def _chart_repository(names: Names, real: str, served: str) -> Replacement:
    return Replacement(
        description=f"charts: {real} is {served}",
        folder=names.argocd_folder,
        change=lambda document: _with_addresses(document, {real: served}),
    )


def _with_addresses(document: Document, new: Mapping[str, str]) -> Document:
    return {key: _with_address(value, new, key) for key, value in document.items()}


def _with_address(value: object, new: Mapping[str, str], key: str) -> object:
    match value:
        case str() if key in _ADDRESS_KEYS:
            return new.get(value, value)
        case dict():
            return {inner: _with_address(part, new, inner) for inner, part in value.items()}
        case list():
            return [_with_address(part, new, key) for part in value]
    return value


def _addresses(value: object, key: str = "") -> Iterator[str]:
    match value:
        case str() if key in _ADDRESS_KEYS:
            yield value
        case dict():
            for inner, part in value.items():
                yield from _addresses(part, inner)
        case list():
            for part in value:
                yield from _addresses(part, key)


def _with_local_manifest(document: Document) -> Document:
    if document.get("kind") != "Kustomization":
        return document
    resources = document.get("resources")
    assert isinstance(resources, list)
    return {
        **document,
        "resources": [
            INSTALL_MANIFEST if resource == ARGOCD.manifest_url else resource
            for resource in resources
        ],
    }


def _with_github(document: Document, address: str) -> Document:
    if document.get("kind") != "ApplicationSet":
        return document

    def generator(old: Document) -> Document:
        pull_request = old["pullRequest"]
        assert isinstance(pull_request, dict)
        github = {
            key: value for key, value in pull_request["github"].items() if key != "appSecretName"
        }
        return {"pullRequest": {**pull_request, "github": {**github, "api": address}}}

    spec = document["spec"]
    assert isinstance(spec, dict)
    generators = [generator(each) for each in spec["generators"]]
    return {**document, "spec": {**spec, "generators": generators}}


def _described(install_manifest: Path) -> str:
    """The name of the file, and the version in it if it is not the pinned one."""
    versions = set(_ARGOCD_IMAGE.findall(install_manifest.read_text(encoding="utf-8")))
    if not versions:
        raise NotServedError(
            f"{install_manifest} holds no Argo CD; take manifests/install.yaml of its {ARGOCD.version}"
        )
    if versions == {ARGOCD.version}:
        return install_manifest.name
    return (
        f"{install_manifest.name}, which has {', '.join(sorted(versions))} and not {ARGOCD.version}"
    )


def _faster(document: Document, factor: int) -> Document:
    """Kubernetes allows no period below a second."""
    if document.get("kind") != "HorizontalPodAutoscaler":
        return document

    def divided(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {inner: divided(each, inner) for inner, each in value.items()}
        if isinstance(value, list):
            return [divided(each) for each in value]
        if isinstance(value, int) and key in ("periodSeconds", "stabilizationWindowSeconds"):
            return max(1, value // factor)
        return value

    changed = divided(document)
    assert isinstance(changed, dict)
    return changed


def _with_windows(document: Document, windows: Windows) -> Document:
    spec = document.get("spec")
    if windows is Windows.AS_RENDERED or not isinstance(spec, dict) or "syncWindows" not in spec:
        return document
    without = {key: value for key, value in spec.items() if key != "syncWindows"}
    if windows is Windows.OPEN:
        return {**document, "spec": without}
    closed = [
        {**window, "kind": "deny", "schedule": EVERY_MINUTE, "duration": "1h"}
        for window in spec["syncWindows"]
    ]
    return {
        **document,
        "spec": {key: closed if key == "syncWindows" else value for key, value in spec.items()},
    }
