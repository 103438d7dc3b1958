"""Previews of pull requests, switched on: what Argo CD makes of the folder, by the real Kustomize."""

import dataclasses
import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate
import pytest
import yaml

from argocd import installation, self_managed
from argocd.previews import CLUSTER_KINDS, NAMESPACED_KINDS
from environments.images import Image
from environments.names import (
    POSTGRES_PREVIEW_SCHEMA,
    REDIS_QUEUE_KEY,
    Addon,
    App,
    Names,
    Secret,
)
from environments.queue_users import APPLICATION, METRICS
from environments.registry import ENVIRONMENTS as REGISTERED
from environments.rules.previews import LONGEST_HOURS
from environments.spec import Compute, Previews
from evalctl.rendering import renderers
from k8s import app as k8s
from stacks.registry import CANDIDATE_DAYS, CANDIDATE_TAGS
from tests.support import argocd_release
from tests.support.crds import is_custom, needs_crds, validate_custom_resource
from tests.support.manifests import Manifest, all_of, one
from tests.support.previews import PREVIEWED, PREVIEWS
from tests.support.quantities import quantity
from tests.support.tools import program

NAMES = Names(PREVIEWED)
VERSION = PREVIEWED.cluster.kubernetes_version
NUMBERS = ("7", "1234")
COMMIT = "0123456789abcdef0123456789abcdef01234567"

Files = dict[str, str]
Built = dict[str, list[Manifest]]


@pytest.fixture(scope="module")
def files() -> Files:
    """What the environment is rendered to: path → text."""
    return renderers.kubernetes(PREVIEWED)


@pytest.fixture(scope="module")
def delivery(files: Files) -> list[Manifest]:
    folder = f"{NAMES.argocd_folder}/"
    return [
        yaml.load(text, yaml.CSafeLoader) for path, text in files.items() if path.startswith(folder)
    ]


@pytest.fixture(scope="module")
def application_set(delivery: list[Manifest]) -> Manifest:
    return one(delivery, "ApplicationSet")


@pytest.fixture(scope="module")
def applications(application_set: Manifest) -> dict[str, Manifest]:
    """Pull request → the Application that the ApplicationSet controller makes for it."""
    return {number: application(application_set, number) for number in NUMBERS}


@pytest.fixture(scope="module")
def previews(
    files: Files, applications: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> Built:
    """Pull request → every object of its preview."""
    built = {}
    for number, made in applications.items():
        source = made["spec"]["source"]
        folder = tmp_path_factory.mktemp("preview")
        for path, text in files.items():
            if path.startswith(f"{source['path']}/"):
                (folder / Path(path).name).write_text(text)
        change(folder / "kustomization.yaml", source["kustomize"])
        built[number] = kustomize(folder)
    return built


@pytest.fixture(scope="module")
def preview(previews: Built) -> list[Manifest]:
    return previews[NUMBERS[0]]


def application(application_set: Manifest, number: str) -> Manifest:
    template = json.dumps(application_set["spec"]["template"])
    filled = template.replace("{{.number}}", number).replace("{{.head_sha}}", COMMIT)
    assert "{{" not in filled, "the test does not set this parameter"
    made: Manifest = json.loads(filled)
    made["metadata"]["namespace"] = application_set["metadata"]["namespace"]
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **made}


def change(kustomization: Path, changes: dict[str, Any]) -> None:
    """What Argo CD's repo server writes into the file before it builds the folder."""
    assert set(changes) == {"namespace", "images", "patches"}
    document = yaml.safe_load(kustomization.read_text())
    images = [image.rpartition(":") for image in changes["images"]]
    document |= {
        "namespace": changes["namespace"],
        "images": [{"name": name, "newTag": tag} for name, _, tag in images],
        "patches": changes["patches"],
    }
    kustomization.write_text(yaml.safe_dump(document))


def kustomize(folder: Path) -> list[Manifest]:
    kubectl = program("kubectl", get_it="https://kubernetes.io/docs/tasks/tools")
    command = [kubectl, "kustomize", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return list(yaml.load_all(result.stdout, yaml.CSafeLoader))


def pods(preview: list[Manifest]) -> dict[str, Any]:
    """Job → its pods' spec."""
    return {
        job["metadata"]["name"]: job["spec"]["template"]["spec"] for job in all_of(preview, "Job")
    }


def settings(preview: list[Manifest]) -> list[dict[str, str]]:
    """The ConfigMaps with the programs' settings."""
    found = [config["data"] for config in all_of(preview, "ConfigMap")]
    return [data for data in found if "REDIS_QUEUE_KEY" in data]


def group(manifest: Manifest) -> str:
    found: str = manifest["apiVersion"].rpartition("/")[0]
    return found


def test_previews_are_off_by_default(rendered: Path, argocd: dict[str, list[Manifest]]) -> None:
    for env in REGISTERED:
        if env.previews is None:
            assert not (rendered / env.name / "preview").exists()
            assert not all_of(argocd[env.name], "ApplicationSet")


def test_switching_previews_on_changes_only_the_job_that_makes_their_schema() -> None:
    off = k8s.build(dataclasses.replace(PREVIEWED, previews=None))
    changed = [
        (app, manifest["kind"])
        for app, objects in k8s.build(PREVIEWED).items()
        for manifest, before in zip(objects, off[app], strict=True)
        if manifest != before
    ]
    assert changed == [(App.DATABASE_USERS, "Job")]


@needs_crds
def test_every_delivery_object_satisfies_its_definition(
    delivery: list[Manifest], applications: dict[str, Manifest]
) -> None:
    objects = [*delivery, *applications.values()]
    assert [problem for m in objects for problem in validate_custom_resource(m)] == []


@needs_crds
def test_every_object_of_a_preview_is_accepted_whole(previews: Built) -> None:
    for objects in previews.values():
        assert len(objects) == 21
        for manifest in objects:
            if is_custom(manifest):
                assert validate_custom_resource(manifest) == []
            else:
                kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_each_application_syncs_a_rendered_folder_into_the_namespace_that_it_makes(
    files: Files, applications: dict[str, Manifest], previews: Built
) -> None:
    for number, made in applications.items():
        assert f"{made['spec']['source']['path']}/kustomization.yaml" in files
        namespace = one(previews[number], "Namespace")["metadata"]["name"]
        assert made["spec"]["destination"]["namespace"] == namespace == f"eval-pr-{number}"


def test_every_object_lands_in_its_pull_requests_namespace(previews: Built) -> None:
    for number, objects in previews.items():
        for manifest in objects:
            expected = None if manifest["kind"] == "Namespace" else f"eval-pr-{number}"
            assert manifest["metadata"].get("namespace") == expected


def test_only_labelled_pull_requests_get_a_preview(application_set: Manifest) -> None:
    (generator,) = application_set["spec"]["generators"]
    github = generator["pullRequest"]["github"]
    assert (github["owner"], github["repo"]) == (
        PREVIEWS.repository_owner,
        PREVIEWS.repository_name,
    )
    assert github["labels"] == [PREVIEWS.label]
    assert github["appSecretName"]  # nothing of the credential itself


def test_the_generator_has_the_empty_template_that_the_controller_would_add(
    application_set: Manifest,
) -> None:
    (generator,) = application_set["spec"]["generators"]
    template = generator["pullRequest"]["template"]
    assert template == {"metadata": {}, "spec": {"destination": {}, "project": ""}}


def test_a_pull_request_provides_its_number_and_its_commit_and_nothing_else(
    application_set: Manifest,
) -> None:
    template = json.dumps(application_set["spec"]["template"])
    assert set(re.findall(r"\{\{.*?\}\}", template)) == {"{{.number}}", "{{.head_sha}}"}
    assert application_set["spec"]["goTemplateOptions"] == ["missingkey=error"]
    assert "templatePatch" not in application_set["spec"]


def test_manifests_come_from_the_environments_own_branch(
    application_set: Manifest, delivery: list[Manifest]
) -> None:
    source = application_set["spec"]["template"]["spec"]["source"]
    repository = PREVIEWED.repository
    assert (source["repoURL"], source["targetRevision"]) == (repository.url, repository.revision)
    project = one(delivery, "AppProject", NAMES.argocd_previews)
    assert project["spec"]["sourceRepos"] == [repository.url]


def test_the_project_permits_exactly_what_previews_consist_of(
    delivery: list[Manifest], preview: list[Manifest]
) -> None:
    spec = one(delivery, "AppProject", NAMES.argocd_previews)["spec"]
    assert [d["namespace"] for d in spec["destinations"]] == ["eval-pr-*"]
    permitted = {(kind.group, kind.kind) for kind in (*CLUSTER_KINDS, *NAMESPACED_KINDS)}
    assert {(group(m), m["kind"]) for m in preview} == permitted
    assert [kind.name for kind in CLUSTER_KINDS] == ["eval-pr-*"]


def test_containers_run_what_was_built_from_the_pull_requests_commit(
    preview: list[Manifest],
) -> None:
    of_main = {app: NAMES.image(Image(app)) for app in pods(preview)}
    assert set(of_main) == {"orchestrator", "worker"}
    for app, pod in pods(preview).items():
        (container,) = pod["containers"]
        repository, at, _ = of_main[app].partition("@")
        assert at, "main's image is not named by digest"
        assert container["image"] == f"{repository}:{CANDIDATE_TAGS.replace('*', COMMIT)}"


def test_each_preview_has_its_own_queue_that_the_queues_user_may_access(
    previews: Built,
) -> None:
    keys = {
        number: {s["REDIS_QUEUE_KEY"] for s in settings(previews[number])} for number in NUMBERS
    }
    assert keys == {number: {f"eval:pr-{number}:jobs"} for number in NUMBERS}
    (pattern,) = re.findall(r"~(\S+)", APPLICATION.access)
    for (key,) in keys.values():
        assert fnmatchcase(key, pattern)
        # What the exporter counts, and so alerts and scaling, is the environment's queue alone.
        assert f"~{key} " not in METRICS.access
        assert key != REDIS_QUEUE_KEY


def test_results_carry_the_pull_requests_name(previews: Built) -> None:
    for number, objects in previews.items():
        assert [s["ENVIRONMENT"] for s in settings(objects)] == [f"pr-{number}"] * 2


def test_a_preview_has_its_own_tables_in_postgresql(preview: list[Manifest]) -> None:
    secret = one(preview, "ExternalSecret", Secret.POSTGRES)
    url = secret["spec"]["target"]["template"]["data"]["url"]
    (options,) = parse_qs(urlsplit(url).query)["options"]
    assert options == f"-csearch_path={POSTGRES_PREVIEW_SCHEMA}"
    assert "sslmode=verify-full" in url


def test_a_preview_gets_no_administrators_password(preview: list[Manifest]) -> None:
    entries = {
        entry["remoteRef"]["key"]
        for secret in all_of(preview, "ExternalSecret")
        for entry in secret["spec"].get("data", [])
    } | {
        entry["extract"]["key"]
        for secret in all_of(preview, "ExternalSecret")
        for entry in secret["spec"].get("dataFrom", [])
    }
    application_only = (
        "llm-keys",
        "api-token",
        "postgres",
        "redis",
        "redis-user",
        "clickhouse",
        "clickhouse-ca",
    )
    assert entries == {f"dev/eval-platform/{entry}" for entry in application_only}


def test_a_preview_has_every_object_that_its_pods_refer_to(preview: list[Manifest]) -> None:
    def names_of(kind: str) -> set[str]:
        return {m["metadata"]["name"] for m in all_of(preview, kind)}

    secrets = {m["spec"]["target"]["name"] for m in all_of(preview, "ExternalSecret")}
    for pod in pods(preview).values():
        assert pod["serviceAccountName"] in names_of("ServiceAccount")
        (container,) = pod["containers"]
        assert {e["configMapRef"]["name"] for e in container["envFrom"]} <= names_of("ConfigMap")
        mounted = {v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
        assert mounted <= secrets
    service = one(preview, "Service")["spec"]["selector"]
    job = one(preview, "Job", "orchestrator")
    assert service.items() <= job["spec"]["template"]["metadata"]["labels"].items()


def test_a_preview_ends_before_its_images_expire(preview: list[Manifest]) -> None:
    assert not any(all_of(preview, kind) for kind in ("Deployment", "StatefulSet", "Pod"))
    for job in all_of(preview, "Job"):
        assert job["spec"]["activeDeadlineSeconds"] == 72 * 3600
    assert LONGEST_HOURS < CANDIDATE_DAYS * 24


def test_workers_that_a_drain_stops_are_replaced(preview: list[Manifest]) -> None:
    spec = one(preview, "Job", "worker")["spec"]
    assert spec["parallelism"] == PREVIEWS.workers
    # A worker that was drained ends with success: without a number, its Job would be complete.
    assert spec["completions"] > 10 * spec["parallelism"]


def test_another_commit_replaces_jobs_whose_pods_cannot_be_changed(
    preview: list[Manifest], applications: dict[str, Manifest]
) -> None:
    for job in all_of(preview, "Job"):
        options = job["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert options == "Force=true,Replace=true"
    for made in applications.values():
        comparison = made["metadata"]["annotations"]["argocd.argoproj.io/compare-options"]
        assert comparison == "ServerSideDiff=false"
        options = made["spec"]["syncPolicy"]["syncOptions"]
        assert "ApplyOutOfSyncOnly=true" in options
        assert not {"PruneLast=true", "ServerSideApply=true"} & set(options)


def test_closing_a_pull_request_deletes_its_namespace_without_confirmation(
    preview: list[Manifest], applications: dict[str, Manifest]
) -> None:
    for made in applications.values():
        assert made["metadata"]["finalizers"] == [
            "resources-finalizer.argocd.argoproj.io/foreground"
        ]
    for manifest in preview:
        assert "confirm" not in str(manifest["metadata"].get("annotations", {}))


def test_pods_are_restricted_bounded_and_have_no_way_to_the_kubernetes_api(
    preview: list[Manifest],
) -> None:
    labels = one(preview, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    policies = {m["metadata"]["name"] for m in all_of(preview, "NetworkPolicy")}
    assert policies == {"default-deny", "dns", "orchestrator", "worker"}
    for pod in pods(preview).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("resource", ["cpu", "memory"])
@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_the_quota_has_room_for_a_preview_and_its_successor_and_not_for_twice_that(
    kind: str, resource: str, preview: list[Manifest]
) -> None:
    needed = sum(
        job["spec"]["parallelism"] * quantity(container["resources"][kind][resource])
        for job in all_of(preview, "Job")
        for container in job["spec"]["template"]["spec"]["containers"]
    )
    allowed = quantity(one(preview, "ResourceQuota")["spec"]["hard"][f"{kind}.{resource}"])
    assert needed < allowed <= 2 * needed


def test_a_pull_request_costs_no_load_balancer_and_scales_nothing(preview: list[Manifest]) -> None:
    kinds = {manifest["kind"] for manifest in preview}
    assert not kinds & {"Ingress", "HorizontalPodAutoscaler", "PersistentVolumeClaim"}
    assert one(preview, "Service")["spec"]["type"] == "ClusterIP"


def test_the_controller_is_installed_only_where_there_are_previews(tmp_path: Path) -> None:
    controllers = {}
    for env in (dataclasses.replace(PREVIEWED, previews=None), PREVIEWED):
        for name, document in installation.build(env).items():
            (tmp_path / name).write_text(yaml.safe_dump(document))
        argocd_release.substitute_in(tmp_path)
        built = kustomize(tmp_path)
        controllers[env.previews is not None] = [
            m for m in built if m["metadata"]["name"] == "argocd-applicationset-controller"
        ]
    assert controllers[False] == []
    (container,) = one(controllers[True], "Deployment")["spec"]["template"]["spec"]["containers"]
    assert set(container["resources"]) == {"requests", "limits"}
    permitted = {
        (kind.group, kind.kind)
        for kind in (*self_managed.CLUSTER_KINDS, *self_managed.NAMESPACED_KINDS)
    }
    assert {(group(m), m["kind"]) for m in controllers[True]} <= permitted


def test_the_charts_alerts_exclude_previews(delivery: list[Manifest]) -> None:
    stack = one(delivery, "Application", NAMES.application(Addon.PROMETHEUS_STACK))
    rules = stack["spec"]["source"]["helm"]["valuesObject"]["defaultRules"]
    assert (rules["appNamespacesOperator"], rules["appNamespacesTarget"]) == ("!~", "eval-pr-.*")


def test_the_example_in_the_docs_is_the_value_tested_here() -> None:
    text = (Path(__file__).parents[2] / "docs" / "previews.md").read_text()
    (shown,) = re.findall(r"```python\n\s*PREVIEWS = (.*?)\n\s*```", text, re.DOTALL)
    assert eval(shown, {"Previews": Previews, "Compute": Compute}) == PREVIEWS
