"""`evalctl bootstrap`, with the real kubectl and aws."""

import dataclasses
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from environments.catalog import ARGOCD
from environments.dev import DEV
from environments.names import PLATFORM, Addon, Names
from environments.prod import PROD
from evalctl.lifecycle.bootstrap import next_steps
from evalctl.lifecycle.identity import Kubectl
from evalctl.processes import shown
from evalctl.rehearsal.emulator import EmulatedAws
from tests.evalctl.lifecycle.conftest import CONTEXT, NAMES, Operator, create_cluster
from tests.evalctl.lifecycle.fake_api import Cluster

# All these tests share one emulated AWS.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("bootstrap")]

APPLICATION = f"/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/{NAMES.argocd_root}"
READS = ("version", "auth", "get", "kustomize", "config")


def changing(commands: list[str]) -> list[str]:
    """The calls that change something."""
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
    """The error output of a command that must change nothing; checks that it changed nothing."""
    before = dict(cluster.objects)
    result = operator.bootstrap(*options, env=env)
    assert result.returncode == 1, result.stdout
    assert "nothing was changed" in result.stderr
    assert "Traceback" not in result.stderr
    assert cluster.objects == before
    assert cluster.changes == []
    assert changing(operator.commands) == []
    return result.stderr


@pytest.mark.parametrize(("day", "closed"), [(28, True), (30, False)])  # a Saturday, a Monday
def test_a_closed_sync_window_is_printed_with_its_end_and_what_to_do(
    day: int, closed: bool
) -> None:
    now = datetime(2026, 11, day, 12, tzinfo=UTC)
    lines = list(next_steps(Names(PROD), Kubectl("prod"), now=now))
    found = [line for line in lines if "until Monday, 30 November 2026, 07:00" in line]
    assert len(found) == closed
    assert all("evalctl sync prod --context prod" in line for line in found)


def test_a_new_cluster_gets_argo_cd_and_its_root_application(
    operator: Operator, cluster: Cluster
) -> None:
    result = operator.bootstrap()

    assert result.returncode == 0, result.stderr
    assert f"install Argo CD {ARGOCD.version}" in result.stdout
    controller = "/apis/apps/v1/namespaces/argocd/statefulsets/argocd-application-controller"
    assert {controller, APPLICATION} <= cluster.objects.keys()
    # The namespace first, the root Application last, all with Argo CD's own field manager.
    assert cluster.changes[0] == "argocd-controller /api/v1/namespaces/argocd"
    assert cluster.changes[-1] == f"argocd-controller {APPLICATION}"
    assert all(change.startswith("argocd-controller ") for change in cluster.changes)
    assert "port-forward service/argocd-server" in result.stdout


def test_dry_run_prints_exactly_the_commands_that_are_then_run(
    operator: Operator, cluster: Cluster
) -> None:
    dry = operator.bootstrap("--dry-run")

    assert dry.returncode == 0, dry.stderr
    assert changing(operator.commands) == []
    assert cluster.changes == []
    assert operator.bootstrap().returncode == 0
    assert shown_commands(dry.stdout) == changing(operator.commands)
    assert len(changing(operator.commands)) == 8


def test_the_roots_project_is_there_before_argo_cd_runs(
    operator: Operator, cluster: Cluster
) -> None:
    """A controller that reads the Application before its project waits for minutes."""
    assert operator.bootstrap().returncode == 0

    commands = changing(operator.commands)
    project = next(i for i, command in enumerate(commands) if "AppProject-" in command)
    rollouts = [i for i, command in enumerate(commands) if "rollout status" in command]
    assert project < min(rollouts) < max(rollouts) < len(commands) - 1
    assert "Application-" in commands[-1]


def test_a_second_run_changes_nothing(operator: Operator, cluster: Cluster) -> None:
    assert operator.bootstrap().returncode == 0
    done = len(changing(operator.commands)), list(cluster.changes)

    again, dry = operator.bootstrap(), operator.bootstrap("--dry-run")

    assert again.returncode == dry.returncode == 0
    assert "already bootstrapped" in again.stdout
    assert "already bootstrapped" in dry.stdout
    assert (len(changing(operator.commands)), cluster.changes) == done


def test_a_bootstrap_that_stopped_halfway_reports_it_and_the_next_one_continues(
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


def test_an_argo_cd_that_lost_a_deployment_is_installed_again(
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
    message = refused(operator, cluster, env="prod")
    assert f"Your AWS credentials are of account {DEV.account.id}" in message
    assert f"prod is in account {PROD.account.id}" in message


def test_a_context_of_another_cluster_is_refused_even_if_it_has_the_clusters_name(
    operator: Operator, cluster: Cluster, endpoint: str
) -> None:
    message = refused(operator, cluster, "--context", NAMES.cluster_arn)
    assert f"leads to https://elsewhere.example.com, but {NAMES.cluster} answers at" in message
    assert endpoint in message
    assert (
        f"aws eks update-kubeconfig --name {NAMES.cluster} --region {DEV.account.region}" in message
    )


def test_a_context_that_does_not_exist_is_refused(operator: Operator, cluster: Cluster) -> None:
    message = refused(operator, cluster, "--context", "nowhere")
    assert "There is no kubectl context to use: cannot locate context nowhere" in message


def test_credentials_that_aws_does_not_accept_are_reported(
    operator: Operator, cluster: Cluster
) -> None:
    nobody = {k: v for k, v in operator.environment.items() if not k.startswith("AWS_ACCESS")}
    message = refused(dataclasses.replace(operator, environment=nobody), cluster)
    assert "AWS does not accept your credentials" in message
    assert f"Sign in to account {DEV.account.id}" in message


def test_a_cluster_that_does_not_exist_yet_is_reported(
    operator: Operator, cluster: Cluster, aws: EmulatedAws
) -> None:
    eks = aws.client("eks")
    eks.delete_cluster(name=NAMES.cluster)
    try:
        message = refused(operator, cluster)
    finally:
        create_cluster(aws)
    assert f"There is no EKS cluster {NAMES.cluster} in {DEV.account.region}" in message
    assert "apply the stacks first" in message


def test_an_api_that_does_not_answer_is_reported_with_the_networks_that_reach_it(
    operator: Operator, cluster: Cluster
) -> None:
    # Nothing listens where the proxy was.
    kubeconfig = Path(operator.environment["KUBECONFIG"])
    lines = [
        "    proxy-url: http://127.0.0.1:1" if "proxy-url" in line else line
        for line in kubeconfig.read_text().splitlines()
    ]
    kubeconfig.write_text("\n".join(lines))
    message = refused(operator, cluster)
    assert f"The API of {NAMES.cluster} does not answer kubectl" in message
    assert "was refused" in message
    (allowed,) = DEV.cluster.public_access_cidrs
    assert f"It accepts connections only from {allowed}" in message


def test_a_person_without_permission_gets_the_name_of_the_role_that_has_it(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.allowed = False
    message = refused(operator, cluster)
    assert "Your role may not do everything" in message
    (role,) = DEV.cluster.admin_role_names
    assert f"sign in as {role}" in message


def test_everything_that_the_cluster_lacks_is_reported_at_once(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.objects.clear()
    message = refused(operator, cluster)
    assert "No node of the pool general is ready (0 with the label" in message
    assert "The EKS add-on aws-node is missing" in message
    assert "The EKS add-on eks-pod-identity-agent is missing" in message


def test_a_node_that_is_not_ready_does_not_count(operator: Operator, cluster: Cluster) -> None:
    cluster.objects["/api/v1/nodes/node-1"]["status"]["conditions"][0]["status"] = "Unknown"
    assert "ready (1 with the label" in refused(operator, cluster)


def test_an_argo_cd_namespace_of_others_is_not_changed(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.add("v1", "Namespace", "argocd", labels={"app.kubernetes.io/part-of": "theirs"})
    assert "not from this platform" in refused(operator, cluster)


def test_an_argo_cd_in_another_namespace_is_not_changed(
    operator: Operator, cluster: Cluster
) -> None:
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    cluster.add(*definition, "applications.argoproj.io")
    assert "another Argo CD runs in this cluster" in refused(operator, cluster)


def test_the_platforms_own_namespace_is_accepted(operator: Operator, cluster: Cluster) -> None:
    cluster.add("v1", "Namespace", "argocd", labels={"app.kubernetes.io/part-of": PLATFORM})
    assert operator.bootstrap("--dry-run").returncode == 0


@pytest.mark.parametrize("name", ["kubectl", "aws"])
def test_a_missing_program_is_reported(operator: Operator, cluster: Cluster, name: str) -> None:
    message = refused(operator.without(name), cluster)
    assert f"{name} is not installed" in message


def test_a_kubectl_two_minors_older_than_the_cluster_is_refused(
    operator: Operator, cluster: Cluster, minor: int
) -> None:
    cluster.minor = minor + 2
    message = refused(operator, cluster)
    assert f"kubectl is of Kubernetes 1.{minor}, {NAMES.cluster} runs 1.{minor + 2}" in message


def test_an_installation_that_cannot_be_fetched_is_reported_before_anything_is_changed(
    operator: Operator, cluster: Cluster
) -> None:
    kustomization = operator.checkout / "rendered/dev/argocd-install/kustomization.yaml"
    gone = kustomization.read_text().replace("- release.yaml", "- http://127.0.0.1:1/release.yaml")
    kustomization.write_text(gone)
    message = refused(operator, cluster)
    assert "Kustomize cannot build rendered/dev/argocd-install" in message
    assert "connection refused" in message


def test_charts_that_do_not_exist_are_reported_before_anything_is_changed(
    operator: Operator, cluster: Cluster
) -> None:
    for file in (operator.checkout / "rendered/dev/argocd").glob("Application-*.yaml"):
        text = file.read_text()
        file.write_text(
            re.sub(r"targetRevision: \d+\.\d+\.\d+$", "targetRevision: 0.0.1", text, flags=re.M)
        )
    message = refused(operator, cluster)
    for addon in Addon:
        assert f"has no {addon} 0.0.1" in message


def test_a_checkout_without_rendered_files_is_reported(
    operator: Operator, cluster: Cluster
) -> None:
    (operator.checkout / "rendered").rename(operator.checkout / "elsewhere")
    assert "Start in the repository's root, after `make render`" in refused(operator, cluster)


def test_files_that_differ_from_the_branch_that_argo_cd_follows_are_a_warning(
    operator: Operator,
) -> None:
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
    assert "rendered/dev differs from origin/main" in operator.bootstrap("--dry-run").stdout
