"""`evalctl bootstrap` as a person runs it, with the real kubectl and aws."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from environments.catalog import ARGOCD
from environments.dev import DEV
from environments.names import PLATFORM
from environments.prod import PROD
from evalctl.processes import shown
from evalctl.rehearsal.emulator import EmulatedAws
from tests.evalctl.lifecycle.conftest import CONTEXT, NAMES, Operator, create_cluster
from tests.evalctl.lifecycle.fake_api import Cluster

# One emulated AWS serves all.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("bootstrap")]

APPLICATION = f"/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/{NAMES.argocd_root}"
READS = ("version", "auth", "get", "kustomize", "config")


def changing(commands: list[str]) -> list[str]:
    """The calls that are not only a look."""
    context = shown(("kubectl", "--context", CONTEXT)) + " "
    return [
        command
        for command in commands
        if command.startswith(context)
        and not command.removeprefix(context).startswith(("--request-timeout", *READS))
    ]


def shown_commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("kubectl ")]


def refused(operator: Operator, cluster: Cluster, *options: str, env: str = "dev") -> str:
    """What is said when nothing may be done, after checking that nothing was."""
    before = dict(cluster.objects)
    result = operator.bootstrap(*options, env=env)
    assert result.returncode == 1, result.stdout
    assert "nothing was changed" in result.stderr
    assert "Traceback" not in result.stderr
    assert cluster.objects == before
    assert cluster.changes == []
    assert changing(operator.commands) == []
    return result.stderr


def test_a_new_cluster_gets_argo_cd_and_its_root_application(
    operator: Operator, cluster: Cluster
) -> None:
    result = operator.bootstrap()

    assert result.returncode == 0, result.stderr
    assert f"install Argo CD {ARGOCD.version}" in result.stdout
    controller = "/apis/apps/v1/namespaces/argocd/statefulsets/argocd-application-controller"
    assert {controller, APPLICATION} <= cluster.objects.keys()
    # The namespace first, the root Application last; all in Argo CD's own name.
    assert cluster.changes[0] == "argocd-controller /api/v1/namespaces/argocd"
    assert cluster.changes[-1] == f"argocd-controller {APPLICATION}"
    assert all(change.startswith("argocd-controller ") for change in cluster.changes)
    assert "port-forward service/argocd-server" in result.stdout


def test_dry_run_shows_exactly_the_commands_that_are_then_run(
    operator: Operator, cluster: Cluster
) -> None:
    rehearsed = operator.bootstrap("--dry-run")

    assert rehearsed.returncode == 0, rehearsed.stderr
    assert changing(operator.commands) == []
    assert cluster.changes == []
    assert operator.bootstrap().returncode == 0
    assert shown_commands(rehearsed.stdout) == changing(operator.commands)
    assert len(changing(operator.commands)) == 7


def test_a_second_run_changes_nothing(operator: Operator, cluster: Cluster) -> None:
    assert operator.bootstrap().returncode == 0
    done = len(changing(operator.commands)), list(cluster.changes)

    again, rehearsed = operator.bootstrap(), operator.bootstrap("--dry-run")

    assert again.returncode == rehearsed.returncode == 0
    assert "already bootstrapped" in again.stdout
    assert "already bootstrapped" in rehearsed.stdout
    assert (len(changing(operator.commands)), cluster.changes) == done


def test_a_run_that_was_stopped_halfway_says_so_and_the_next_one_goes_on(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.refused = "/statefulsets/"
    stopped = operator.bootstrap()

    assert stopped.returncode == 1
    assert "stopped halfway" in stopped.stderr
    assert "planted: " in stopped.stderr
    assert "run the same command again" in stopped.stderr
    assert APPLICATION not in cluster.objects

    cluster.refused = None
    assert operator.bootstrap().returncode == 0
    assert APPLICATION in cluster.objects


def test_an_argo_cd_that_lost_its_pods_is_installed_again(
    operator: Operator, cluster: Cluster
) -> None:
    assert operator.bootstrap().returncode == 0
    server = "/apis/apps/v1/namespaces/argocd/deployments/argocd-server"
    del cluster.objects[server]

    assert operator.bootstrap().returncode == 0

    assert server in cluster.objects


def test_the_wrong_account_is_refused(operator: Operator, cluster: Cluster) -> None:
    # Production's cluster with dev's credentials.
    checkout = operator.checkout / "rendered"
    (checkout / "dev").rename(checkout / "prod")
    said = refused(operator, cluster, env="prod")
    assert f"Your AWS credentials are of account {DEV.account.id}" in said
    assert f"prod lives in {PROD.account.id}" in said


def test_a_context_of_another_cluster_is_refused_whatever_its_name_says(
    operator: Operator, cluster: Cluster, endpoint: str
) -> None:
    said = refused(operator, cluster, "--context", NAMES.cluster_arn)
    assert f"leads to https://elsewhere.example.com, but {NAMES.cluster} answers at" in said
    assert endpoint in said
    assert f"aws eks update-kubeconfig --name {NAMES.cluster} --region {DEV.account.region}" in said


def test_a_context_that_is_not_there_is_refused(operator: Operator, cluster: Cluster) -> None:
    said = refused(operator, cluster, "--context", "nowhere")
    assert "There is no kubectl context to use: cannot locate context nowhere" in said


def test_credentials_that_aws_does_not_know_are_told(operator: Operator, cluster: Cluster) -> None:
    nobody = {k: v for k, v in operator.environment.items() if not k.startswith("AWS_ACCESS")}
    said = refused(dataclasses.replace(operator, environment=nobody), cluster)
    assert "AWS does not accept your credentials" in said
    assert f"Sign in to account {DEV.account.id}" in said


def test_a_cluster_that_is_not_there_yet_is_told(
    operator: Operator, cluster: Cluster, aws: EmulatedAws
) -> None:
    eks = aws.client("eks")
    eks.delete_cluster(name=NAMES.cluster)
    try:
        said = refused(operator, cluster)
    finally:
        create_cluster(aws)
    assert f"There is no EKS cluster {NAMES.cluster} in {DEV.account.region}" in said
    assert "apply the stacks first" in said


def test_an_api_that_does_not_answer_is_told_with_the_way_in(
    operator: Operator, cluster: Cluster
) -> None:
    # Nothing listens where the proxy was.
    kubeconfig = Path(operator.environment["KUBECONFIG"])
    lines = [
        "    proxy-url: http://127.0.0.1:1" if "proxy-url" in line else line
        for line in kubeconfig.read_text().splitlines()
    ]
    kubeconfig.write_text("\n".join(lines))
    said = refused(operator, cluster)
    assert f"The API of {NAMES.cluster} does not answer kubectl" in said
    assert "was refused" in said
    (allowed,) = DEV.cluster.public_access_cidrs
    assert f"It answers to {allowed} only" in said


def test_a_person_who_may_not_is_told_who_may(operator: Operator, cluster: Cluster) -> None:
    cluster.allowed = False
    said = refused(operator, cluster)
    assert "You may not do everything" in said
    (role,) = DEV.cluster.admin_role_names
    assert f"sign in as {role}" in said


def test_all_that_the_cluster_lacks_is_told_at_once(operator: Operator, cluster: Cluster) -> None:
    cluster.objects.clear()
    said = refused(operator, cluster)
    assert "No node of the pool general is ready (0 with the label" in said
    assert "The EKS add-on aws-node is missing" in said
    assert "The EKS add-on eks-pod-identity-agent is missing" in said


def test_a_node_that_is_not_ready_does_not_count(operator: Operator, cluster: Cluster) -> None:
    cluster.objects["/api/v1/nodes/node-1"]["status"]["conditions"][0]["status"] = "Unknown"
    assert "ready (1 with the label" in refused(operator, cluster)


def test_someone_elses_argo_cd_is_left_alone(operator: Operator, cluster: Cluster) -> None:
    cluster.add("v1", "Namespace", "argocd", labels={"app.kubernetes.io/part-of": "theirs"})
    assert "not made by this platform" in refused(operator, cluster)


def test_an_argo_cd_in_another_namespace_is_left_alone(
    operator: Operator, cluster: Cluster
) -> None:
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    cluster.add(*definition, "applications.argoproj.io")
    assert "another Argo CD lives in this cluster" in refused(operator, cluster)


def test_our_own_namespace_is_no_stranger(operator: Operator, cluster: Cluster) -> None:
    cluster.add("v1", "Namespace", "argocd", labels={"app.kubernetes.io/part-of": PLATFORM})
    assert operator.bootstrap("--dry-run").returncode == 0


@pytest.mark.parametrize("name", ["kubectl", "aws"])
def test_a_missing_program_is_named(operator: Operator, cluster: Cluster, name: str) -> None:
    said = refused(operator.without(name), cluster)
    assert f"{name} is not installed" in said


def test_a_kubectl_of_another_age_is_refused(
    operator: Operator, cluster: Cluster, minor: int
) -> None:
    cluster.minor = minor + 2
    said = refused(operator, cluster)
    assert f"kubectl is of Kubernetes 1.{minor}, {NAMES.cluster} runs 1.{minor + 2}" in said


def test_a_release_that_cannot_be_fetched_is_told_before_anything_is_done(
    operator: Operator, cluster: Cluster
) -> None:
    kustomization = operator.checkout / "rendered/dev/argocd-install/kustomization.yaml"
    gone = kustomization.read_text().replace("- release.yaml", "- http://127.0.0.1:1/release.yaml")
    kustomization.write_text(gone)
    said = refused(operator, cluster)
    assert "Kustomize cannot build rendered/dev/argocd-install" in said
    assert "connection refused" in said


def test_a_checkout_without_what_is_rendered_is_told(operator: Operator, cluster: Cluster) -> None:
    (operator.checkout / "rendered").rename(operator.checkout / "elsewhere")
    assert "start in the repository's root, after `make render`" in refused(operator, cluster)


def test_what_argo_cd_will_find_different_in_git_is_a_warning(operator: Operator) -> None:
    def git(*arguments: str) -> None:
        author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        subprocess.run(
            ["git", *author, *arguments], cwd=operator.checkout, capture_output=True, check=True
        )

    git("init", "--initial-branch=main")
    git("add", "rendered")
    git("commit", "--message=rendered")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    same = operator.bootstrap("--dry-run")
    assert same.returncode == 0
    assert "origin/main" not in same.stdout

    (operator.checkout / "rendered/dev/argocd-install/notes.txt").write_text("new")
    assert "rendered/dev is not what origin/main has" in operator.bootstrap("--dry-run").stdout
