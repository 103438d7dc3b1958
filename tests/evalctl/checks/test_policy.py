"""Checkov reads all rendered files, and each of its findings is reported or skipped with a reason."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.names import Stack
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import problems_of
from environments.spec import Environment
from evalctl.checks.policy import (
    SKIPS,
    Finding,
    Scan,
    findings,
    not_skipped,
    read_skips,
    scan,
)
from tests.evalctl.rehearsal import changes

NO_SKIPS = ""


def write_stack(rendered: Path, environment: str, stack: str, resources: object) -> None:
    folder = rendered / environment / "terraform" / stack
    folder.mkdir(parents=True)
    document = {
        "terraform": {"required_version": ">= 1.11", "backend": {"s3": {"bucket": "state"}}},
        "resource": resources,
    }
    (folder / "cdk.tf.json").write_text(json.dumps(document, indent=2))


def write_manifest(rendered: Path, environment: str, manifest: dict[str, object]) -> None:
    folder = rendered / environment / "k8s" / "worker"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{manifest['kind']}-worker.yaml").write_text(yaml.safe_dump(manifest))


def deployment(annotations: dict[str, str]) -> dict[str, object]:
    container = {"name": "worker", "image": "worker", "securityContext": {"privileged": True}}
    labels = {"app": "worker"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "worker", "namespace": "platform", "annotations": annotations},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


NETWORK_POLICY: dict[str, object] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "worker", "namespace": "platform"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
APPLICATION_SET: dict[str, object] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "ApplicationSet",
    "metadata": {"name": "previews", "namespace": "argocd"},
    "spec": {"template": {"metadata": {"name": "pr-{{.number}}"}}},
}
BUCKET = {"aws_s3_bucket": {"data": {"bucket": "data"}}, "aws_eip": {"data": {"domain": "vpc"}}}
BLOCKED = BUCKET | {
    "aws_s3_bucket_public_access_block": {
        "data": {
            "bucket": "${aws_s3_bucket.data.id}",
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        }
    }
}


# An environment of each minor of the catalogue.
EACH_MINOR = [
    replace(DEV, name=f"minor-{number}", cluster=replace(DEV.cluster, kubernetes_version=minor))
    for number, minor in enumerate(EKS_VERSIONS)
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two environments that differ in what protects them: dev has it, prod lacks it. A third is broken.

    The others are of each minor, as they are rendered.
    """
    folder = tmp_path_factory.mktemp(".hidden")
    rendered = folder / "rendered"
    for env in EACH_MINOR:
        cluster = changes.render(env, folder / env.name)[Stack.CLUSTER]
        write_stack(rendered, env.name, Stack.CLUSTER, cluster["resource"])
    write_stack(rendered, "dev", "storage", BLOCKED)
    write_stack(rendered, "prod", "storage", BUCKET)
    write_manifest(rendered, "dev", NETWORK_POLICY)
    write_manifest(rendered, "dev", deployment({"checkov.io/skip1": "CKV_K8S_16=why not"}))
    write_manifest(rendered, "prod", deployment({}))
    write_stack(rendered, "prod", "cluster", {"aws_eks_cluster": {"it": {"version": "9.99"}}})
    write_stack(rendered, "broken", "network", BUCKET)
    stack = rendered / "broken/terraform/network/cdk.tf.json"
    stack.write_text(stack.read_text()[:-9])
    write_manifest(rendered, "broken", {"kind": "ConfigMap"})
    write_manifest(rendered, "broken", APPLICATION_SET)
    return rendered


@pytest.fixture(scope="module")
def scanned(planted: Path) -> Scan:
    return scan(planted)


@pytest.fixture(scope="module")
def found(scanned: Scan, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    skips = tmp_path_factory.mktemp("skips") / "skips.toml"
    skips.write_text(NO_SKIPS)
    return not_skipped(scanned, ENVIRONMENTS, skips=skips)


def failing(found: list[Finding], check: str) -> list[tuple[str, str]]:
    return [(finding.file, finding.resource) for finding in found if finding.check == check]


def test_a_bad_terraform_resource_is_found_by_its_address(found: list[Finding]) -> None:
    no_versioning = "CKV_AWS_21"
    assert failing(found, no_versioning) == [
        ("rendered/dev/terraform/storage/cdk.tf.json", "aws_s3_bucket.data"),
        ("rendered/prod/terraform/storage/cdk.tf.json", "aws_s3_bucket.data"),
    ]


def test_a_bad_manifest_is_found(found: list[Finding]) -> None:
    privileged = "CKV_K8S_16"
    assert (
        "rendered/prod/k8s/worker/Deployment-worker.yaml",
        "Deployment.platform.worker",
    ) in failing(found, privileged)


def test_what_protects_one_stack_does_not_count_for_another(found: list[Finding]) -> None:
    no_public_access_block = "CKV2_AWS_6"
    assert failing(found, no_public_access_block) == [
        ("rendered/prod/terraform/storage/cdk.tf.json", "aws_s3_bucket.data")
    ]


def test_what_protects_one_environment_does_not_count_for_another(found: list[Finding]) -> None:
    no_network_policy = "CKV2_K8S_6"
    files = [file for file, _ in failing(found, no_network_policy)]
    assert files == ["rendered/prod/k8s/worker/Deployment-worker.yaml"]


def test_a_skip_outside_the_one_file_is_a_finding(found: list[Finding]) -> None:
    (skipped,) = [finding for finding in found if "annotation" in finding.message]
    assert (skipped.check, skipped.file) == (
        "CKV_K8S_16",
        "rendered/dev/k8s/worker/Deployment-worker.yaml",
    )


def test_a_finding_shows_file_resource_check_and_what_is_wrong(found: list[Finding]) -> None:
    assert (
        "rendered/prod/terraform/storage/cdk.tf.json: aws_s3_bucket.data: CKV_AWS_21, "
        "Ensure all data stored in the S3 bucket have versioning enabled"
    ) in map(str, found)


def test_a_skip_matches_its_check_at_its_resources_only_and_an_unused_one_is_a_finding(
    scanned: Scan, found: list[Finding], tmp_path: Path
) -> None:
    skips = tmp_path / "skips.toml"
    skips.write_text(
        """
        [[skip]]
        check = "CKV_AWS_21"
        resource = "dev/terraform/*/aws_s3_bucket.*"
        reason = "a test"

        [[skip]]
        check = "CKV_AWS_21"
        resource = "dev/terraform/storage/aws_s3_bucket.gone"
        reason = "a test"
        """
    )
    before, after = set(found), set(not_skipped(scanned, ENVIRONMENTS, skips=skips))
    (answered,) = before - after
    assert (answered.check, answered.file.split("/")[1]) == ("CKV_AWS_21", "dev")
    (stale,) = after - before
    assert (stale.file, stale.resource) == (
        "skips.toml",
        "dev/terraform/storage/aws_s3_bucket.gone",
    )


def test_a_skip_of_a_tier_is_only_for_its_environments(
    scanned: Scan, found: list[Finding], tmp_path: Path
) -> None:
    """Also for an environment that is added later."""
    skips = tmp_path / "skips.toml"
    skips.write_text(
        """
        [[skip]]
        check = "CKV_AWS_21"
        resource = "*/terraform/*/aws_s3_bucket.*"
        tier = "development"
        reason = "a test"
        """
    )
    environments = (DEV, replace(PROD, name="dev-2"))
    (answered,) = set(found) - set(not_skipped(scanned, environments, skips=skips))
    assert (answered.check, answered.file.split("/")[1]) == ("CKV_AWS_21", "dev")
    environments = (replace(PROD, name="dev"), replace(DEV, name="prod"))
    (answered,) = set(found) - set(not_skipped(scanned, environments, skips=skips))
    assert (answered.check, answered.file.split("/")[1]) == ("CKV_AWS_21", "prod")


@pytest.mark.parametrize(
    "entry",
    [
        'check = "CKV_AWS_21"\nresource = "*"\nreason = "a test"\ntier = "staging"',
        'check = "CKV_AWS_21"\nresource = "*"\nreason = "a test"\ntier = 1',
        'check = "CKV_AWS_21"\nresource = "*"',
        'check = "CKV_AWS_21"\nreason = "a test"',
        'resource = "*"\nreason = "a test"',
        'check = "CKV_AWS_21"\nresource = "*"\nreason = " "',
        'check = "CKV_AWS_21"\nresource = "*"\nreason = "a test"\nuntil = "2030"',
    ],
)
def test_a_skip_without_check_resource_and_reason_is_refused(entry: str, tmp_path: Path) -> None:
    skips = tmp_path / "skips.toml"
    skips.write_text(f"[[skip]]\n{entry}\n")
    with pytest.raises(ValueError, match="skip 1"):
        read_skips(skips)


@pytest.mark.parametrize("entry", ['check = "CKV_1"', 'reason = "a test"', 'resource = "*"'])
def test_a_replaced_check_needs_its_id_and_a_reason(entry: str, tmp_path: Path) -> None:
    skips = tmp_path / "skips.toml"
    skips.write_text(f"[[replaced]]\n{entry}\n")
    with pytest.raises(ValueError, match="replaced 1"):
        read_skips(skips)


@pytest.mark.parametrize("env", EACH_MINOR, ids=lambda env: env.cluster.kubernetes_version)
def test_every_minor_of_the_catalogue_passes(scanned: Scan, env: Environment) -> None:
    assert problems_of(replace(env, name=DEV.name)) == []
    place = f"rendered/{env.name}/terraform/{Stack.CLUSTER}/"
    found = not_skipped(scanned, [*ENVIRONMENTS, *EACH_MINOR])
    assert [each for each in found if each.file.startswith(place)] == []
    read = [file for result in scanned.results for file in result["read"]]
    assert [file for file in read if place in file]


def test_checkovs_list_of_minors_is_replaced_and_nothing_else_is(
    scanned: Scan, found: list[Finding], tmp_path: Path
) -> None:
    """A minor that checkov does not know fails its check until the entry replaces it."""
    skips = tmp_path / "skips.toml"
    skips.write_text('[[replaced]]\ncheck = "CKV_AWS_339"\nreason = "a test"\n')
    after = not_skipped(scanned, ENVIRONMENTS, skips=skips)
    replaced = set(found) - set(after)
    assert {finding.check for finding in replaced} == {"CKV_AWS_339"}
    assert len([each for each in replaced if each.file.startswith("rendered/prod/")]) == 1
    assert [skip.check for skip in read_skips(SKIPS) if skip.replaced] == ["CKV_AWS_339"]


def test_a_file_that_is_not_toml_is_reported_by_its_name(tmp_path: Path) -> None:
    skips = tmp_path / "skips.toml"
    skips.write_text("[[skip]]\ncheck = CKV_1\n")
    with pytest.raises(ValueError, match=r"skips\.toml is not TOML: .*line 2"):
        read_skips(skips)


def test_a_file_that_checkov_cannot_read_is_a_finding(found: list[Finding]) -> None:
    """The template of an ApplicationSet, which it cannot read either, is none: checkov has no check for it."""
    assert [finding.file for finding in found if finding.file.startswith("rendered/broken/")] == [
        "rendered/broken/k8s/worker/ConfigMap-worker.yaml",
        "rendered/broken/terraform/network/cdk.tf.json",
    ]


def test_an_empty_folder_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make render"):
        findings(tmp_path, ENVIRONMENTS)


def test_the_rendered_files_have_no_findings(rendered: Path) -> None:
    found = findings(rendered, ENVIRONMENTS)
    assert not found, "\n" + "\n".join(map(str, found))


def test_every_skip_names_a_check_of_checkov() -> None:
    for skip in read_skips(SKIPS):
        assert skip.check.startswith(("CKV_", "CKV2_")), skip
