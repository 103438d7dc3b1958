"""Argo CD's AppProject and Application, with what is the same for all of ours already decided."""

from collections.abc import Mapping
from dataclasses import dataclass

import constructs

from bindings.custom_resource import CustomResource
from environments.spec import Repository, SyncWindow

API_VERSION = "argoproj.io/v1alpha1"
IN_CLUSTER = "https://kubernetes.default.svc"  # each environment's Argo CD runs in its own cluster

# On an Application: deleting it deletes what it synced. On an AppProject: it stays until no
# Application refers to it, so that a teardown never leaves Applications that cannot finish.
FINALIZER = "resources-finalizer.argocd.argoproj.io"
_WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"
# A merge elsewhere in this repository does not render the Application's folder again.
RENDERED_FROM_ITS_FOLDER = {"argocd.argoproj.io/manifest-generate-paths": "."}

# How a merge gets in without anybody's help.
SYNCED_BY_ITSELF: dict[str, object] = {
    "automated": {"prune": True, "selfHeal": True},
    # Without a limit: Argo CD does not try one commit again once retries are used up, and a first
    # sync may wait long for CRDs or an operator's secret. Each retry takes the newest commit, so that
    # a fix gets in.
    "retry": {
        "limit": -1,
        "refresh": True,
        "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"},
    },
}

# For what holds data: neither its absence from Git nor a deletion of its parent removes it unasked.
CONFIRMED = ("Prune=confirm", "Delete=confirm")

_SYNC_OPTIONS = (
    "ApplyOutOfSyncOnly=true",
    "CreateNamespace=false",  # the namespace app owns it, with its Pod Security labels
    "FailOnSharedResource=true",  # two apps never fight over one object
    "PruneLast=true",
    "PrunePropagationPolicy=foreground",
    "RespectIgnoreDifferences=true",
    "ServerSideApply=true",
)


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A Kubernetes kind that a project may manage; the core group is the empty string."""

    group: str
    kind: str
    name: str | None = None  # only cluster-scoped kinds can be narrowed to one name

    def to_spec(self) -> dict[str, object]:
        spec: dict[str, object] = {"group": self.group, "kind": self.kind}
        return spec if self.name is None else spec | {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class IgnoredField:
    """A field of one object that something other than Git decides; `field` is a jq path."""

    group: str
    kind: str
    name: str
    field: str
    reason: str  # for the reader; it is not rendered

    def to_spec(self) -> dict[str, object]:
        return {
            "group": self.group,
            "kind": self.kind,
            "name": self.name,
            "jqPathExpressions": [self.field],
        }


@dataclass(frozen=True, kw_only=True)
class Kustomization:
    """A folder of this repository that Kustomize builds."""

    repository: Repository
    path: str

    def to_spec(self) -> dict[str, object]:
        # Argo CD knows it by its kustomization.yaml; an empty setting would be dropped.
        return {
            "repoURL": self.repository.url,
            "targetRevision": self.repository.revision,
            "path": self.path,
        }


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Plain manifests in a folder of this repository."""

    repository: Repository
    path: str

    def to_spec(self) -> dict[str, object]:
        source = Kustomization(repository=self.repository, path=self.path)
        # Plain manifests, even if a Chart.yaml or kustomization.yaml gets into the folder.
        # `recurse: false` would not do: Argo CD drops it as an empty setting.
        return source.to_spec() | {"directory": {"recurse": True}}


@dataclass(frozen=True, kw_only=True)
class HelmChart:
    """A chart at one version, with its values; Argo CD templates it, and Helm installs nothing."""

    repository_url: str
    name: str
    version: str
    values: Mapping[str, object]

    def to_spec(self) -> dict[str, object]:
        return {
            "repoURL": self.repository_url,
            "chart": self.name,
            "targetRevision": self.version,
            # The release is named after the chart in every cluster, so that what it makes is too.
            "helm": {"releaseName": self.name, "valuesObject": dict(self.values)},
        }


class AppProject(CustomResource):
    """What its Applications may sync: from where, into which namespaces, which kinds, and when."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        description: str,
        repositories: tuple[str, ...],
        namespaces: tuple[str, ...],
        cluster_kinds: tuple[ResourceKind, ...],
        namespaced_kinds: tuple[ResourceKind, ...],
        warn_of_orphans: bool,
        sync_windows: tuple[SyncWindow, ...],
        sync_options: tuple[str, ...],
    ) -> None:
        spec: dict[str, object] = {
            "description": description,
            "sourceRepos": list(repositories),
            "destinations": [{"server": IN_CLUSTER, "namespace": name} for name in namespaces],
            "clusterResourceWhitelist": [kind.to_spec() for kind in cluster_kinds],
            "namespaceResourceWhitelist": [kind.to_spec() for kind in namespaced_kinds],
        }
        if warn_of_orphans:
            spec["orphanedResources"] = {"warn": True}
        if sync_windows:
            spec["syncWindows"] = [_window(window) for window in sync_windows]
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="AppProject",
            name=name,
            annotations=_annotations(wave=-1, sync_options=sync_options),  # before its Applications
            finalizers=[FINALIZER],
            spec=spec,
        )


class Application(CustomResource):
    """One source, synced by itself: prune, self-heal, retry until it works."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        project: str,
        source: Folder | Kustomization | HelmChart,
        namespace: str,
        wave: int,
        ignored_fields: tuple[IgnoredField, ...] = (),
        extra_sync_options: tuple[str, ...] = (),
        own_sync_options: tuple[str, ...] = (),
        cascades: bool = True,
    ) -> None:
        """`extra_sync_options` hold for what is synced, `own_sync_options` for this Application.

        One that does not cascade leaves what it synced when it is deleted itself.
        """
        spec: dict[str, object] = {
            "project": project,
            "source": source.to_spec(),
            "destination": {"server": IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {
                **SYNCED_BY_ITSELF,
                "syncOptions": sorted((*_SYNC_OPTIONS, *extra_sync_options)),
            },
            "revisionHistoryLimit": 5,  # Git keeps the history
        }
        if ignored_fields:
            spec["ignoreDifferences"] = [field.to_spec() for field in ignored_fields]
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="Application",
            name=name,
            annotations=_annotations(wave=wave, sync_options=own_sync_options)
            | {
                # The API server's own dry run knows the defaults of custom resources; without it
                # they show as differences that no sync can remove.
                "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
            }
            | ({} if isinstance(source, HelmChart) else RENDERED_FROM_ITS_FOLDER),
            finalizers=[FINALIZER] if cascades else None,
            spec=spec,
        )


def _window(window: SyncWindow) -> dict[str, object]:
    return {
        "kind": window.kind,
        "schedule": window.schedule,
        "duration": f"{window.duration_hours}h",
        "timeZone": window.time_zone,
        "applications": ["*"],  # of the project
        "manualSync": True,  # a person who mends something need not move the window first
    }


def _annotations(*, wave: int, sync_options: tuple[str, ...]) -> dict[str, str]:
    annotations = {_WAVE: str(wave)}
    return annotations | {_OPTIONS: ",".join(sync_options)} if sync_options else annotations
