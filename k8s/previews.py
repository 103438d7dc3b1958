"""A pull request's preview: a smaller copy of the platform, with fewer of its manifests.

All previews use one folder. Argo CD adapts it with Kustomize (`argocd/previews.py`): namespace, images,
queue. It leaves out what costs money or grants more than a preview needs: the load balancer, the jobs
with administrators' passwords, autoscaling.

**End of life.** The orchestrator and the workers run as Jobs, because a Deployment cannot have
`activeDeadlineSeconds`. Kubernetes ends their pods: no program of ours has to run for that, or needs the
right to delete anything.
"""

import dataclasses
from collections.abc import Sequence
from typing import cast

import cdk8s

from bindings.external_secrets import STORE
from environments.names import NAMESPACE, POSTGRES_PREVIEW_SCHEMA, URL_KEY, App, Secret
from environments.spec import Environment, Previews
from k8s.namespace import NamespaceChart
from k8s.orchestrator import OrchestratorChart
from k8s.parts.base import AppChart
from k8s.secrets import SecretsChart
from k8s.worker import WorkerChart

Manifest = dict[str, object]

# Listed one by one: what is added to the platform is not automatically in previews.
_OBJECTS = (
    ("Namespace", NAMESPACE),
    ("ResourceQuota", "platform"),
    ("LimitRange", "containers"),
    ("NetworkPolicy", "default-deny"),
    ("NetworkPolicy", "dns"),
    ("NetworkPolicy", App.ORCHESTRATOR),
    ("NetworkPolicy", App.WORKER),
    ("SecretStore", STORE),
    ("ExternalSecret", Secret.LLM_KEYS),
    ("ExternalSecret", Secret.API_TOKEN),
    ("ExternalSecret", Secret.POSTGRES),
    ("ExternalSecret", Secret.REDIS),
    ("ExternalSecret", Secret.CLICKHOUSE),
    ("ServiceAccount", App.ORCHESTRATOR),
    ("ConfigMap", App.ORCHESTRATOR),
    ("Deployment", App.ORCHESTRATOR),
    ("Service", App.ORCHESTRATOR),
    ("ServiceAccount", App.WORKER),
    ("ConfigMap", App.WORKER),
    ("ConfigMap", "llm-calls"),
    ("Deployment", App.WORKER),
)

# When a node is drained, its worker returns its job to the queue and exits with 0, which the Job counts
# as a completion. The Job starts another pod up to this many times, after a completion and after a crash.
_COMPLETIONS = 100
_CRASHES = 100


def build(env: Environment) -> list[Manifest]:
    """A preview's objects on `main`; Argo CD sets the values of each pull request."""
    assert env.previews is not None
    small = _small(env, env.previews)
    app = cdk8s.App()
    charts: tuple[AppChart, ...] = (
        NamespaceChart(app, env=small),
        SecretsChart(app, env=small),
        OrchestratorChart(app, env=small),
        WorkerChart(app, env=small),
    )
    found = {
        (str(manifest["kind"]), _part(manifest, "metadata")["name"]): manifest
        for chart in charts
        for manifest in chart.manifests()
    }
    del _part(found["Namespace", NAMESPACE], "metadata")[
        "annotations"
    ]  # it is deleted without confirmation
    _use_own_schema(found["ExternalSecret", Secret.POSTGRES])
    return [
        _job(found[name], env.previews) if name[0] == "Deployment" else found[name]
        for name in _OBJECTS
    ]


def kustomization(files: Sequence[str]) -> Manifest:
    """The file because of which Argo CD builds the folder with Kustomize."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }


def _small(env: Environment, previews: Previews) -> Environment:
    """The environment in the size of one preview; the namespace's quota follows from it.

    It gets the share of the LLM providers' limits that its workers are of the environment's workers.
    """
    workers, of_all, calls = previews.workers, env.worker.max_replicas, env.worker.llm_calls
    return dataclasses.replace(
        env,
        orchestrator=dataclasses.replace(
            env.orchestrator, replicas=1, compute=previews.orchestrator_compute
        ),
        worker=dataclasses.replace(
            env.worker,
            min_replicas=workers,
            max_replicas=workers,
            compute=previews.worker_compute,
            llm_calls=dataclasses.replace(
                calls,
                provider_requests_per_minute=(
                    calls.provider_requests_per_minute * workers // of_all
                ),
                provider_tokens_per_minute=calls.provider_tokens_per_minute * workers // of_all,
            ),
        ),
    )


def _use_own_schema(postgres: Manifest) -> None:
    """A pull request's migrations change the previews' tables and not the environment's."""
    template = _part(postgres, "spec", "target", "template", "data")
    template[URL_KEY] = f"{template[URL_KEY]}&options=-csearch_path%3D{POSTGRES_PREVIEW_SCHEMA}"


def _job(deployment: Manifest, previews: Previews) -> Manifest:
    """The Deployment's pods as a Job, which ends with the preview."""
    metadata = _part(deployment, "metadata")
    template = _part(deployment, "spec", "template")
    pod = {k: v for k, v in _part(template, "spec").items() if k != "topologySpreadConstraints"}
    pods = previews.workers if metadata["name"] == App.WORKER else 1
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata
        # A Job's pods cannot be changed: a new commit deletes the Job and creates it again.
        | {"annotations": {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}},
        "spec": {
            "activeDeadlineSeconds": previews.max_age_hours * 3600,
            "backoffLimit": _CRASHES,
            "completions": _COMPLETIONS,
            "parallelism": pods,
            "template": {**template, "spec": pod | {"restartPolicy": "OnFailure"}},
        },
    }


def _part(manifest: Manifest, *path: str) -> Manifest:
    """The mapping at a path."""
    for key in path:
        manifest = cast(Manifest, manifest[key])
    return manifest
