"""An environment deployed, changed and destroyed as an operator does it, with cdktf's command line."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import yaml

from environments.dev import DEV
from environments.names import (
    PROVIDER_KEYS,
    TERRAFORM_FILE,
    WORKER_NODES,
    Names,
    Secret,
    Stack,
)
from environments.rules import problems_of
from environments.spec import Environment
from evalctl.lifecycle import quotas
from evalctl.plans.plan_file import Action
from evalctl.plans.plan_guard import refusals
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.rehearse import lift_deletion_protection, remove_state_bucket
from evalctl.rehearsal.verification import differences, facts
from evalctl.rehearsal.working_directory import WorkingDirectory
from tests.evalctl.lifecycle.fake_api import kubectl_minor, new_cluster, serving
from tests.evalctl.rehearsal import changes
from tests.evalctl.rehearsal.accounts import Loop, opened, print_progress, require_cdktf
from tests.evalctl.rehearsal.cdktf import Cdktf, cdktf_environment
from tests.evalctl.rehearsal.terminal import Terminal, terminal
from tests.support import argocd_release
from tests.support.chart_repository import chart_repository, charts_of, use_in
from tests.support.checkout import check_out
from tests.support.pages import shell_blocks
from tests.support.tools import program

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("life by cdktf")]

GROWN = changes.grown(DEV)
ADMITTED = replace(GROWN, clickhouse=replace(GROWN.clickhouse, admitted_nodes=3))
NEW_VOLUMES = {f"aws_ebs_volume.data-volume-{node}" for node in (2, 3)}
SWAPPED = replace(GROWN, network=replace(DEV.network, zones=DEV.network.zones[::-1]))
ANOTHER_KEY = f"arn:aws:kms:{DEV.account.region}:{DEV.account.id}:key/{UUID(int=1)}"
IN_PLACE = {
    Stack.CLUSTER: {
        "aws_eks_cluster.cluster",
        "aws_eks_node_group.general",
        "aws_eks_node_group.workers-spot",
    },
    Stack.DATABASE: {"aws_db_instance.instance"},
}


PAGE = "first-day.md"
# The page's commands that this test does not type, each with the reason.
LEFT_OUT = {
    "kubectl -n argocd port-forward service/argocd-server 8443:443\n": "there are no pods in this test"
}


@dataclass(frozen=True)
class Account:
    """An emulated account after the steps of docs/first-day.md up to the stacks."""

    emulated: EmulatedEnvironment
    cdktf: Cdktf
    loop: Loop
    person: Terminal
    kubeconfig: Path

    def plan(self, stack: Stack, document: dict[str, Any]) -> Path:
        """terraform's plan for this document of the stack."""
        directory = self.emulated.directories[stack]
        (directory.folder / TERRAFORM_FILE).write_text(json.dumps(document))
        directory.override(self.emulated.aws, local_state=False)
        return self.loop(self.emulated.terraform.plan(directory))


@pytest.fixture(scope="module")
def deployed(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The page's commands typed at a terminal; only the override of AWS' addresses is added."""
    require_cdktf()
    folder = tmp_path_factory.mktemp("first-day")
    project = check_out(folder / "checkout", rendered)
    with opened(cdktf_environment(DEV, project=project, progress=print_progress)) as (
        (emulated, cdktf),
        loop,
    ):
        for directory in emulated.directories.values():
            directory.override(emulated.aws, local_state=False)
        variables = cdktf.environment() | {
            "HOME": str(folder),
            "KUBECONFIG": str(folder / "kubeconfig"),
        }
        with terminal(project, environment=variables, scripts=folder) as person:
            grant_quotas(emulated)
            for commands in shell_blocks(PAGE, "Before you start: the quotas"):
                person.types(commands)
            for commands in shell_blocks(PAGE, "1. The state bucket"):
                person.types(commands, answers={"Enter a value:": "yes"})
            for commands in shell_blocks(PAGE, "2. The stacks"):
                person.types(commands)
            yield Account(emulated, cdktf, loop, person, Path(variables["KUBECONFIG"]))


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    return changes.render(DEV, tmp_path_factory.mktemp("today"))


@pytest.fixture(scope="module")
def tomorrow(today: changes.Rendered, tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    """The stacks that differ because of the changed value and the new bucket."""
    rendered = changes.render(GROWN, tmp_path_factory.mktemp("tomorrow"))
    rendered[Stack.STORAGE] = changes.with_another_bucket(rendered[Stack.STORAGE])
    return {stack: document for stack, document in rendered.items() if document != today[stack]}


@pytest.fixture(scope="module")
def growth(deployed: Account, tomorrow: changes.Rendered) -> dict[Stack, Path]:
    """The plan of each changed stack, after the manual step of docs/changes.md."""
    eks, cluster = deployed.emulated.aws.client("eks"), Names(DEV).cluster
    (workers,) = (
        group
        for group in eks.list_nodegroups(clusterName=cluster)["nodegroups"]
        if group.startswith(WORKER_NODES)
    )
    eks.update_nodegroup_config(
        clusterName=cluster,
        nodegroupName=workers,
        scalingConfig={"desiredSize": GROWN.cluster.workers_spot.min_size},
    )
    return {stack: deployed.plan(stack, document) for stack, document in tomorrow.items()}


@pytest.fixture(scope="module")
def grown(deployed: Account, growth: dict[Stack, Path]) -> Account:
    """The account after these plans are applied."""

    async def apply(directory: WorkingDirectory) -> None:
        if directory.stack in growth:
            await deployed.emulated.terraform.apply_plan(directory)

    deployed.loop(deployed.emulated.each("apply", apply))
    return deployed


def test_the_deployed_account_matches_the_value(deployed: Account) -> None:
    assert differences(facts(DEV, deployed.emulated.aws)) == []


def test_the_changed_values_are_valid_and_change_the_expected_stacks(
    tomorrow: changes.Rendered,
) -> None:
    assert problems_of(GROWN) == []
    assert {Stack.CLUSTER, Stack.DATABASE, Stack.STORAGE, Stack.CLICKHOUSE} <= set(tomorrow)


def test_growth_deletes_nothing(growth: dict[Stack, Path]) -> None:
    deleted = [address for plan in growth.values() for address in addresses_with(plan, "delete")]
    assert deleted == []
    refused = {refusal.address for plan in growth.values() for refusal in refusals(plan)}
    assert refused == NEW_VOLUMES


def test_the_guard_lets_new_nodes_pass_if_their_volumes_are_named(
    growth: dict[Stack, Path],
) -> None:
    assert refusals(growth[Stack.CLICKHOUSE], allowed=NEW_VOLUMES) == []


def test_a_growing_cluster_keeps_its_common_name_for_the_first_node(
    growth: dict[Stack, Path],
) -> None:
    plan = growth[Stack.CLICKHOUSE]
    unchanged = addresses_with(plan, "no-op")
    assert {"aws_route53_record.record-all", "aws_instance.node-1"} <= unchanged


def test_stores_and_node_groups_grow_in_place(growth: dict[Stack, Path]) -> None:
    for stack, addresses in IN_PLACE.items():
        assert addresses <= addresses_with(growth[stack], "update"), stack


def test_a_new_bucket_and_new_nodes_leave_the_existing_ones_unchanged(
    growth: dict[Stack, Path],
) -> None:
    assert "aws_s3_bucket.drafts" in addresses_with(growth[Stack.STORAGE], "create")
    assert addresses_with(growth[Stack.STORAGE], "update") == set()
    added = addresses_with(growth[Stack.CLICKHOUSE], "create")
    assert added >= NEW_VOLUMES
    assert {f"aws_instance.node-{node}" for node in (2, 3)} <= added


def test_the_grown_account_matches_the_value_and_a_second_plan_of_every_stack_is_empty(
    grown: Account,
) -> None:
    emulated = grown.emulated
    grown.loop(emulated.each("plan", emulated.terraform.require_no_changes))
    assert differences(facts(GROWN, emulated.aws)) == []


def test_admitting_the_new_nodes_changes_only_the_common_name(
    grown: Account, tmp_path: Path
) -> None:
    document = changes.render(ADMITTED, tmp_path)[Stack.CLICKHOUSE]
    plan = grown.plan(Stack.CLICKHOUSE, document)
    assert addresses_with(plan, "update") == {"aws_route53_record.record-all"}
    assert addresses_with(plan, "create") == addresses_with(plan, "delete") == set()
    assert refusals(plan) == []


@pytest.mark.parametrize(
    ("stack", "address", "argument", "value"),
    [
        (Stack.DATABASE, "aws_db_instance.instance", "kms_key_id", ANOTHER_KEY),
        (Stack.STORAGE, "aws_s3_bucket.reports", "bucket", "elsewhere"),
        (Stack.CLUSTER, "aws_eks_cluster.cluster", "name", "elsewhere"),
        (Stack.QUEUE, "aws_elasticache_replication_group.replication-group", "engine", "redis"),
    ],
)
def test_a_change_that_replaces_a_resource_is_refused_with_its_address(
    grown: Account,
    today: changes.Rendered,
    tomorrow: changes.Rendered,
    stack: Stack,
    address: str,
    argument: str,
    value: str,
) -> None:
    document = changes.with_argument((today | tomorrow)[stack], address, argument, value)
    refused = {refusal.address: refusal for refusal in refusals(grown.plan(stack, document))}
    assert str(refused[address]).startswith(f"{address}: would replace")


@pytest.mark.parametrize(
    ("env", "nodes", "action"),
    [
        pytest.param(DEV, (2, 3), Action.DELETE, id="fewer nodes"),
        pytest.param(SWAPPED, (1, 2, 3), Action.REPLACE, id="zones in another order"),
    ],
)
def test_a_value_that_deletes_clickhouse_volumes_is_refused_for_each_volume(
    grown: Account, tmp_path: Path, env: Environment, nodes: tuple[int, ...], action: Action
) -> None:
    document = changes.render(env, tmp_path)[Stack.CLICKHOUSE]
    refused = refusals(grown.plan(Stack.CLICKHOUSE, document))
    volumes = {f"aws_ebs_volume.data-volume-{node}" for node in nodes}
    assert {refusal.address for refusal in refused} == volumes
    assert {refusal.action for refusal in refused} == {action}


def test_keys_typed_at_the_prompt_are_stored_in_the_secret_and_not_printed(
    deployed: Account,
) -> None:
    # This runs after the growth: the verification there expects a secret without keys.
    keys = {key: f"made-up-{key}" for key in PROVIDER_KEYS}
    (first_time, _) = shell_blocks("secrets.md", "LLM keys")
    deployed.person.types(
        first_time.replace("ENV=prod", f"ENV={DEV.name}"),
        answers={f"{key}: ": value for key, value in keys.items()},
    )
    manager = deployed.emulated.aws.client("secretsmanager")
    entry = manager.get_secret_value(SecretId=Names(DEV).secret(Secret.LLM_KEYS))
    assert json.loads(entry["SecretString"]) == keys
    assert not [value for value in keys.values() if value in deployed.person.shown]


def test_the_pages_commands_install_argo_cd_with_its_root_application(
    deployed: Account, tmp_path: Path
) -> None:
    person, names = deployed.person, Names(DEV)
    described = deployed.emulated.aws.client("eks").describe_cluster(name=names.cluster)
    host = str(urlsplit(described["cluster"]["endpoint"]).hostname)
    cluster = new_cluster(kubectl_minor(program("kubectl", get_it="make test installs it")))
    secrets = "/api/v1/namespaces/argocd/secrets"
    argocd_release.substitute_in(deployed.cdktf.project / "rendered/dev/argocd-install")
    (deployed.cdktf.project / "KEY.pem").write_text("made-up")

    argocd = deployed.cdktf.project / "rendered/dev/argocd"
    with (
        serving(cluster, host=host, folder=tmp_path) as reached,
        chart_repository(tmp_path / "charts", charts_of(argocd)) as repository_url,
    ):
        use_in(argocd, repository_url)
        (connect, bootstrap) = shell_blocks(PAGE, "5. Argo CD")
        person.types(connect)
        redirect(reached, deployed.kubeconfig)
        person.types(bootstrap)
        (repository,) = shell_blocks(PAGE, "6. A private repository")
        person.types(repository)
        (watch, _, password) = shell_blocks(PAGE, "7. The first sync")
        person.watches(watch, until=names.argocd_root)
        # Argo CD generates it when it starts.
        generated = {"password": base64.b64encode(b"generated-by-argo-cd").decode()}
        initial = cluster.add(
            "v1", "Secret", "argocd-initial-admin-secret", namespace="argocd", data=generated
        )
        person.types(password)
        status = {"loadBalancer": {"ingress": [{"hostname": "k8s-eval.elb.amazonaws.com"}]}}
        cluster.add(
            "networking.k8s.io/v1",
            "Ingress",
            "orchestrator",
            namespace="eval-platform",
            status=status,
        )
        (name,) = shell_blocks(PAGE, "8. The name")
        person.types(name)

    assert "k8s-eval.elb.amazonaws.com" in person.shown
    assert "generated-by-argo-cd" in person.shown
    assert initial not in cluster.objects
    repository_secret = cluster.objects[f"{secrets}/repository"]
    assert repository_secret["metadata"]["labels"] == {
        "argocd.argoproj.io/secret-type": "repository"
    }
    assert base64.b64decode(repository_secret["data"]["githubAppPrivateKey"]) == b"made-up"
    assert not (deployed.cdktf.project / "KEY.pem").exists()
    assert set(shell_blocks(PAGE)) - set(person.typed) == set(LEFT_OUT)


def test_cdktf_destroys_every_stack_and_no_resource_remains(deployed: Account) -> None:
    emulated = deployed.emulated
    deployed.loop(deployed.cdktf.synth())
    deployed.loop(
        emulated.each("lift", lambda directory: lift_deletion_protection(emulated, directory))
    )
    stacks = (stack for stack in Stack if stack is not Stack.STATE)
    deployed.loop(deployed.cdktf.destroy(*(f"{DEV.name}-{stack}" for stack in stacks)))
    assert leftovers(DEV, emulated.aws) != [], (
        "the state bucket still has the states of the other stacks"
    )
    deployed.loop(remove_state_bucket(emulated))
    assert leftovers(DEV, emulated.aws) == []


def grant_quotas(emulated: EmulatedEnvironment) -> None:
    """What AWS does after a person has requested more of a new account's quotas."""
    for need in quotas.needs(DEV):
        if need.amount > need.quota.new_account:
            emulated.aws.client("service-quotas").request_service_quota_increase(
                ServiceCode=need.quota.service,
                QuotaCode=need.quota.code,
                DesiredValue=need.amount,
            )


def addresses_with(plan: Path, action: str) -> set[str]:
    """The addresses of the resources to which the plan applies this action."""
    return {
        change["address"]
        for change in json.loads(plan.read_text())["resource_changes"]
        if action in change["change"]["actions"]
    }


def redirect(reached: dict[str, Any], kubeconfig: Path) -> None:
    """Point the cluster of the kubeconfig that AWS' command wrote to this address."""
    config = yaml.safe_load(kubeconfig.read_text())
    (only,) = config["clusters"]
    only["cluster"] |= reached
    kubeconfig.write_text(yaml.safe_dump(config))
