"""The ApplicationSet that gives a labelled pull request its preview, and the project that bounds it.

Only the pull request's number and commit are used here, and nothing that its author writes: the
manifests come from the environment's branch (docs/decisions/0009-previews.md).
"""

import json

import constructs

from argocd.parts.app_project import AppProject, ResourceKind
from argocd.parts.application import (
    API_VERSION,
    AUTOMATED_SYNC,
    FINALIZER,
    IN_CLUSTER,
    RENDERED_FROM_ITS_FOLDER,
    Kustomization,
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

# A Secret in Argo CD's namespace that a person makes: a GitHub App that may read pull requests.
GITHUB_APP_SECRET = "previews-github-app"
POLL_SECONDS = 300

# The only two of the generator's parameters in use (Argo CD's manual, "Pull Request Generator").
_NUMBER = "{{.number}}"
_COMMIT = "{{.head_sha}}"

_NAMESPACE = f"{PREVIEW_NAMESPACE_PREFIX}{_NUMBER}"


def previews_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May sync previews' namespaces and their objects, from this repository only."""
    return AppProject(
        scope,
        "previews-project",
        names=names,
        name=names.argocd_previews,
        description=f"Previews of pull requests, into {PREVIEW_NAMESPACE_PREFIX}* only",
        namespaces=(f"{PREVIEW_NAMESPACE_PREFIX}*",),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # Kubernetes and the operator make Secrets and pods there
        # Unlike the others it is pruned, when previews are switched off. Its finalizer keeps it until
        # the last preview is deleted.
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
        "requeueAfterSeconds": POLL_SECONDS,
        # The controller writes this empty template whenever somebody lets it read the pull requests at once.
        # Without it the root Application would then be OutOfSync.
        "template": {"metadata": {}, "spec": {"destination": {}, "project": ""}},
    }


def _metadata(names: Names) -> dict[str, object]:
    return {
        "name": f"{names.prefix}-pr-{_NUMBER}",
        # Closing the pull request deletes the Application, and with it the preview.
        "finalizers": [FINALIZER],
        "annotations": {
            # A Job's pods cannot be changed, so the API server's dry run refuses the Job of another
            # commit, and nothing would be synced any more (argoproj/argo-cd#29348).
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
            **AUTOMATED_SYNC,
            # No PruneLast: it waits until all objects are healthy, and a Job is healthy when it has ended.
            "syncOptions": [
                "ApplyOutOfSyncOnly=true",  # otherwise every sync would start the Jobs again
                "CreateNamespace=false",  # the preview brings its own, with its Pod Security labels
                "FailOnSharedResource=true",
                "PrunePropagationPolicy=foreground",
            ],
        },
        "revisionHistoryLimit": 1,
    }


def _changes(names: Names) -> dict[str, object]:
    """What Kustomize changes in the folder's objects for one pull request."""
    return {
        # Kustomize also renames the Namespace.
        "namespace": _NAMESPACE,
        # The build of a pull request tags its images with the commit, and tags never move.
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
    """A key of its own, under the prefix that the queue's user may access."""
    prefix, _, key = REDIS_QUEUE_KEY.partition(":")
    return f"{prefix}:pr-{_NUMBER}:{key}"


def _replace(setting: str, value: str) -> dict[str, str]:
    """An operation of a JSON patch; unlike `add`, it fails if there is no such setting."""
    return {"op": "replace", "path": f"/data/{setting}", "value": value}
