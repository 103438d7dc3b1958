"""Argo CD's AppProject and Application, with what is the same for all of ours already decided."""

from dataclasses import dataclass

import constructs

from bindings.custom_resource import CustomResource
from environments.spec import Repository

API_VERSION = "argoproj.io/v1alpha1"
IN_CLUSTER = "https://kubernetes.default.svc"  # each environment's Argo CD runs in its own cluster

# On an Application: deleting it deletes what it synced. On an AppProject: it stays until no
# Application refers to it, so that a teardown never leaves Applications that cannot finish.
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"

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
    """A field of one object that something other than Git decides."""

    group: str
    kind: str
    name: str
    json_pointer: str

    def to_spec(self) -> dict[str, object]:
        return {
            "group": self.group,
            "kind": self.kind,
            "name": self.name,
            "jsonPointers": [self.json_pointer],
        }


class AppProject(CustomResource):
    """What its Applications may sync: one repository into one namespace of this cluster."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        description: str,
        repository: Repository,
        namespace: str,
        cluster_kinds: tuple[ResourceKind, ...],
        namespaced_kinds: tuple[ResourceKind, ...],
        warn_of_orphans: bool,
        sync_options: tuple[str, ...],
    ) -> None:
        spec: dict[str, object] = {
            "description": description,
            "sourceRepos": [repository.url],
            "destinations": [{"server": IN_CLUSTER, "namespace": namespace}],
            "clusterResourceWhitelist": [kind.to_spec() for kind in cluster_kinds],
            "namespaceResourceWhitelist": [kind.to_spec() for kind in namespaced_kinds],
        }
        if warn_of_orphans:
            spec["orphanedResources"] = {"warn": True}
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="AppProject",
            name=name,
            annotations=_annotations(wave=-1, sync_options=sync_options),  # before its Applications
            finalizers=[_FINALIZER],
            spec=spec,
        )


class Application(CustomResource):
    """One folder of the repository, synced by itself: prune, self-heal, retry until it works."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        project: str,
        repository: Repository,
        path: str,
        namespace: str,
        wave: int,
        ignored_fields: tuple[IgnoredField, ...] = (),
        extra_sync_options: tuple[str, ...] = (),
        own_sync_options: tuple[str, ...] = (),
    ) -> None:
        """`extra_sync_options` hold for what is synced, `own_sync_options` for this Application."""
        spec: dict[str, object] = {
            "project": project,
            "source": {
                "repoURL": repository.url,
                "targetRevision": repository.revision,
                "path": path,
                # Plain manifests, even if a Chart.yaml or kustomization.yaml gets into the folder.
                # `recurse: false` would not do: Argo CD drops it as an empty setting.
                "directory": {"recurse": True},
            },
            "destination": {"server": IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                # Without a limit: Argo CD does not try one commit again once retries are used up,
                # and a first sync may wait long for CRDs or an operator's secret. Each retry takes
                # the newest commit, so that a fix gets in.
                "retry": {
                    "limit": -1,
                    "refresh": True,
                    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"},
                },
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
                # A merge elsewhere in this repository does not render this folder again.
                "argocd.argoproj.io/manifest-generate-paths": ".",
            },
            finalizers=[_FINALIZER],
            spec=spec,
        )


def _annotations(*, wave: int, sync_options: tuple[str, ...]) -> dict[str, str]:
    annotations = {_WAVE: str(wave)}
    return annotations | {_OPTIONS: ",".join(sync_options)} if sync_options else annotations
