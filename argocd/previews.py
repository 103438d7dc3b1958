"""The ApplicationSet that gives a labelled pull request its preview, and the project that bounds it.

Of a pull request, its number and its commit get in here, and nothing that its author could write:
manifests come from the branch that everything comes from (docs/decisions/0009-previews.md).
"""

import json

import constructs

from argocd.resources import (
    API_VERSION,
    FINALIZER,
    IN_CLUSTER,
    RENDERED_FROM_ITS_FOLDER,
    SYNCED_BY_ITSELF,
    AppProject,
    Kustomization,
    ResourceKind,
)
from bindings.custom_resource import CustomResource
from environments.images import Image
from environments.names import (
    PREVIEW_NAMESPACE_PREFIX,
    REDIS_QUEUE_KEY,
    App,
    Names,
)
from environments.spec import Previews

# Exactly the kinds that a preview consists of; a test compares.
CLUSTER_KINDS = (ResourceKind(group="", kind="Namespace", name=f"{PREVIEW_NAMESPACE_PREFIX}*"),)
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="", kind="LimitRange"),
    ResourceKind(group="", kind="ResourceQuota"),
    ResourceKind(group="", kind="Service"),
    ResourceKind(group="", kind="ServiceAccount"),
    ResourceKind(group="batch", kind="Job"),
    ResourceKind(group="external-secrets.io", kind="ExternalSecret"),
    ResourceKind(group="external-secrets.io", kind="SecretStore"),
    ResourceKind(group="networking.k8s.io", kind="NetworkPolicy"),
)

# A Secret that a person makes beside Argo CD: a GitHub App that may read pull requests.
GITHUB_APP_SECRET = "previews-github-app"
LOOKS_EVERY_SECONDS = 300

# Of the generator's parameters (Argo CD's manual, "Pull Request Generator") these two only.
_NUMBER = "{{.number}}"
_COMMIT = "{{.head_sha}}"

_NAMESPACE = f"{PREVIEW_NAMESPACE_PREFIX}{_NUMBER}"


def previews_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May make previews' namespaces and what is in them, from this repository only."""
    return AppProject(
        scope,
        "previews-project",
        name=names.argocd_previews,
        description=f"Previews of pull requests, into {PREVIEW_NAMESPACE_PREFIX}* only",
        repositories=(names.env.repository.url,),
        namespaces=(f"{PREVIEW_NAMESPACE_PREFIX}*",),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # Kubernetes and the operator make Secrets and pods there
        sync_windows=names.env.sync_windows,
        # Unlike the others it is pruned, when previews are switched off; its finalizer keeps it until
        # the last preview is gone.
        sync_options=(),
    )


def previews_application_set(
    scope: constructs.Construct, previews: Previews, *, names: Names, wave: int
) -> CustomResource:
    """One Application for each open pull request that carries the label."""
    return CustomResource(
        scope,
        "previews",
        api_version=API_VERSION,
        kind="ApplicationSet",
        name=names.argocd_previews,
        annotations={"argocd.argoproj.io/sync-wave": str(wave)},
        spec={
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{"pullRequest": _labelled(previews)}],
            "template": {"metadata": _metadata(names), "spec": _application(names)},
        },
    )


def _labelled(previews: Previews) -> dict[str, object]:
    return {
        "github": {
            "owner": previews.repository_owner,
            "repo": previews.repository_name,
            "appSecretName": GITHUB_APP_SECRET,
            "labels": [previews.label],
        },
        "requeueAfterSeconds": LOOKS_EVERY_SECONDS,
    }


def _metadata(names: Names) -> dict[str, object]:
    return {
        "name": f"{names.prefix}-pr-{_NUMBER}",
        # Deleting the Application, which closing the pull request does, deletes the preview.
        "finalizers": [FINALIZER],
        "annotations": {
            # The API server's dry run refuses another commit's Job, whose pods cannot be changed, and
            # nothing would be synced any more (argoproj/argo-cd#29348).
            "argocd.argoproj.io/compare-options": "ServerSideDiff=false",
            **RENDERED_FROM_ITS_FOLDER,
        },
    }


def _application(names: Names) -> dict[str, object]:
    source = Kustomization(repository=names.env.repository, path=names.preview_folder)
    return {
        "project": names.argocd_previews,
        "source": source.to_spec() | {"kustomize": _changes(names)},
        "destination": {"server": IN_CLUSTER, "namespace": _NAMESPACE},
        "syncPolicy": {
            **SYNCED_BY_ITSELF,
            # No PruneLast: it waits until all is healthy, which a Job is when it has ended.
            "syncOptions": [
                "ApplyOutOfSyncOnly=true",  # or every sync would start the Jobs anew
                "CreateNamespace=false",  # the preview brings its own, with its Pod Security labels
                "FailOnSharedResource=true",
                "PrunePropagationPolicy=foreground",
            ],
        },
        "revisionHistoryLimit": 1,
    }


def _changes(names: Names) -> dict[str, object]:
    """What Kustomize makes of the folder's objects for one pull request."""
    return {
        # Also the name of the Namespace itself.
        "namespace": _NAMESPACE,
        # The build of a pull request tags what it pushes with the commit, and tags never move.
        "images": [
            f"{names.image(image).partition('@')[0]}:candidate-{_COMMIT}"
            for image in (Image.ORCHESTRATOR, Image.WORKER)
        ],
        "patches": [
            {
                "target": {"kind": "ConfigMap", "name": app},
                "patch": json.dumps(
                    [
                        _replace("ENVIRONMENT", f"pr-{_NUMBER}"),
                        _replace("REDIS_QUEUE_KEY", _queue_key()),
                    ]
                ),
            }
            for app in (App.ORCHESTRATOR, App.WORKER)
        ],
    }


def _queue_key() -> str:
    """Beside the environment's own key, under the prefix that the queue's user is let in to."""
    prefix, _, key = REDIS_QUEUE_KEY.partition(":")
    return f"{prefix}:pr-{_NUMBER}:{key}"


def _replace(setting: str, value: str) -> dict[str, str]:
    """A step of a JSON patch; unlike `add`, it fails where there is no such setting."""
    return {"op": "replace", "path": f"/data/{setting}", "value": value}
