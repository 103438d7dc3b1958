"""An environment deployed, changed and destroyed the way its owner does it: by cdktf's command line."""

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
from environments.names import TERRAFORM_FILE, Names, Secret, Stack
from environments.rules import problems_of
from environments.spec import Environment
from evalctl.plans.plan_guard import refusals
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.promises import broken_promises
from evalctl.rehearsal.rehearse import Stage, lift_guards, remove_state_bucket
from evalctl.rehearsal.workspace import Workspace
from k8s.worker import PROVIDER_KEYS
from tests.evalctl.lifecycle.fake_api import kubectl_minor, new_cluster, serving
from tests.evalctl.rehearsal import changes
from tests.evalctl.rehearsal.accounts import Loop, opened, require_cdktf, tell
from tests.evalctl.rehearsal.cdktf import Cdktf, cdktf_stage
from tests.evalctl.rehearsal.terminal import Terminal, terminal
from tests.support import argocd_release
from tests.support.checkout import check_out
from tests.support.pages import shell_blocks
from tests.support.tools import program

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("life by cdktf")]

GROWN = changes.grown(DEV)
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
# Commands of the page that are not typed here, with the reason.
LEFT_OUT = {
    "kubectl -n argocd port-forward service/argocd-server 8443:443\n": "no pod runs anywhere here"
}


@dataclass(frozen=True)
class Account:
    """An emulated account in which somebody has followed docs/first-day.md up to its stacks."""

    stage: Stage
    cdktf: Cdktf
    loop: Loop
    person: Terminal
    kubeconfig: Path

    def plan(self, stack: Stack, document: dict[str, Any]) -> Path:
        """What terraform would do if the stack were rendered like this."""
        workspace = self.stage.workspaces[stack]
        (workspace.folder / TERRAFORM_FILE).write_text(json.dumps(document))
        workspace.override(self.stage.aws, local_state=False)
        return self.loop(self.stage.terraform.plan(workspace))


@pytest.fixture(scope="module")
def deployed(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """What the page shows, typed at a terminal, with nothing between but what cannot be AWS."""
    require_cdktf()
    folder = tmp_path_factory.mktemp("first-day")
    project = check_out(folder / "checkout", rendered)
    with opened(cdktf_stage(DEV, project=project, progress=tell)) as ((stage, cdktf), loop):
        for workspace in stage.workspaces.values():
            workspace.override(stage.aws, local_state=False)
        variables = cdktf.environment() | {
            "HOME": str(folder),
            "KUBECONFIG": str(folder / "kubeconfig"),
        }
        with terminal(project, environment=variables, scripts=folder) as person:
            for commands in shell_blocks(PAGE, "1. The state bucket"):
                person.types(commands, answers={"Enter a value:": "yes"})
            for commands in shell_blocks(PAGE, "2. The stacks"):
                person.types(commands)
            yield Account(stage, cdktf, loop, person, Path(variables["KUBECONFIG"]))


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    return changes.render(DEV, tmp_path_factory.mktemp("today"))


@pytest.fixture(scope="module")
def tomorrow(today: changes.Rendered, tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    """The stacks that the changed value and the new bucket change."""
    rendered = changes.render(GROWN, tmp_path_factory.mktemp("tomorrow"))
    rendered[Stack.STORAGE] = changes.with_another_bucket(rendered[Stack.STORAGE])
    return {stack: document for stack, document in rendered.items() if document != today[stack]}


@pytest.fixture(scope="module")
def growth(deployed: Account, tomorrow: changes.Rendered) -> dict[Stack, Path]:
    """The plan of each stack that changes, after the step that docs/changes.md asks for."""
    deployed.stage.aws.client("eks").update_nodegroup_config(
        clusterName=Names(DEV).cluster,
        nodegroupName="workers_spot",
        scalingConfig={"desiredSize": GROWN.cluster.workers_spot.min_size},
    )
    return {stack: deployed.plan(stack, document) for stack, document in tomorrow.items()}


@pytest.fixture(scope="module")
def grown(deployed: Account, growth: dict[Stack, Path]) -> Account:
    """The account after those plans."""

    async def apply(workspace: Workspace) -> None:
        if workspace.stack in growth:
            await deployed.stage.terraform.apply_plan(workspace)

    deployed.loop(deployed.stage.each("apply", apply))
    return deployed


def test_cdktf_deploys_everything_that_was_promised_and_a_second_plan_is_empty(
    deployed: Account,
) -> None:
    stage = deployed.stage
    deployed.loop(stage.each("plan", stage.terraform.require_no_changes))
    assert broken_promises(DEV, stage.aws) == []


def test_the_changed_values_are_sound_and_change_the_stacks_they_name(
    tomorrow: changes.Rendered,
) -> None:
    assert problems_of(GROWN) == []
    assert {Stack.CLUSTER, Stack.DATABASE, Stack.STORAGE, Stack.CLICKHOUSE} <= set(tomorrow)


def test_growth_takes_nothing_away(growth: dict[Stack, Path]) -> None:
    lost = [address for plan in growth.values() for address in doing(plan, "delete")]
    assert lost == []
    assert [refusal for plan in growth.values() for refusal in refusals(plan)] == []


def test_what_holds_data_and_runs_work_grows_in_place(growth: dict[Stack, Path]) -> None:
    for stack, addresses in IN_PLACE.items():
        assert addresses <= doing(growth[stack], "update"), stack


def test_a_bucket_and_nodes_are_added_beside_those_there_are(growth: dict[Stack, Path]) -> None:
    assert "aws_s3_bucket.drafts" in doing(growth[Stack.STORAGE], "create")
    assert doing(growth[Stack.STORAGE], "update") == set()
    added = doing(growth[Stack.CLICKHOUSE], "create")
    assert {f"aws_ebs_volume.data-volume-{node}" for node in (2, 3)} <= added
    assert {f"aws_instance.node-{node}" for node in (2, 3)} <= added


def test_the_grown_environment_is_what_was_promised_and_a_second_plan_is_empty(
    grown: Account, growth: dict[Stack, Path]
) -> None:
    stage = grown.stage

    async def plan(workspace: Workspace) -> None:
        if workspace.stack in growth:
            await stage.terraform.require_no_changes(workspace)

    grown.loop(stage.each("plan", plan))
    assert broken_promises(GROWN, stage.aws) == []


@pytest.mark.parametrize(
    ("stack", "address", "argument", "value"),
    [
        (Stack.DATABASE, "aws_db_instance.instance", "kms_key_id", ANOTHER_KEY),
        (Stack.STORAGE, "aws_s3_bucket.reports", "bucket", "elsewhere"),
        (Stack.CLUSTER, "aws_eks_cluster.cluster", "name", "elsewhere"),
        (Stack.QUEUE, "aws_elasticache_replication_group.replication-group", "engine", "redis"),
    ],
)
def test_what_can_only_be_replaced_is_refused_by_name(
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
    ("env", "nodes", "replaced"),
    [
        pytest.param(DEV, (2, 3), False, id="fewer nodes"),
        pytest.param(SWAPPED, (1, 2, 3), True, id="zones in another order"),
    ],
)
def test_a_value_that_would_lose_clickhouse_volumes_is_refused_for_each(
    grown: Account, tmp_path: Path, env: Environment, nodes: tuple[int, ...], replaced: bool
) -> None:
    document = changes.render(env, tmp_path)[Stack.CLICKHOUSE]
    refused = refusals(grown.plan(Stack.CLICKHOUSE, document))
    volumes = {f"aws_ebs_volume.data-volume-{node}" for node in nodes}
    assert {refusal.address for refusal in refused} == volumes
    assert {refusal.replaced for refusal in refused} == {replaced}


def test_keys_typed_at_the_prompt_reach_the_secret_and_no_screen(deployed: Account) -> None:
    # After the growth: that nobody has put keys in is one of the stacks' promises.
    keys = {key: f"made-up-{key}" for key in PROVIDER_KEYS}
    (first_time, _) = shell_blocks("secrets.md", "LLM keys")
    deployed.person.types(
        first_time.replace("ENV=prod", f"ENV={DEV.name}"),
        answers={f"{key}: ": value for key, value in keys.items()},
    )
    manager = deployed.stage.aws.client("secretsmanager")
    entry = manager.get_secret_value(SecretId=Names(DEV).secret(Secret.LLM_KEYS))
    assert json.loads(entry["SecretString"]) == keys
    assert not [value for value in keys.values() if value in deployed.person.shown]


def test_the_page_leads_from_the_stacks_to_an_argo_cd_with_its_root_application(
    deployed: Account, tmp_path: Path
) -> None:
    person, names = deployed.person, Names(DEV)
    described = deployed.stage.aws.client("eks").describe_cluster(name=names.cluster)
    host = str(urlsplit(described["cluster"]["endpoint"]).hostname)
    cluster = new_cluster(kubectl_minor(program("kubectl", get_it="make test installs it")))
    secrets = "/api/v1/namespaces/argocd/secrets"
    argocd_release.substitute_in(deployed.cdktf.project / "rendered/dev/argocd-install")
    (deployed.cdktf.project / "KEY.pem").write_text("made-up")

    with serving(cluster, host=host, folder=tmp_path) as reached:
        (connect, bootstrap) = shell_blocks(PAGE, "5. Argo CD")
        person.types(connect)
        lead_to(reached, deployed.kubeconfig)
        person.types(bootstrap)
        (repository,) = shell_blocks(PAGE, "6. A private repository")
        person.types(repository)
        (watch, _, password) = shell_blocks(PAGE, "7. The first sync")
        person.watches(watch, until=names.argocd_root)
        # Argo CD draws it when it starts.
        drawn = {"password": base64.b64encode(b"drawn-by-argo-cd").decode()}
        initial = cluster.add(
            "v1", "Secret", "argocd-initial-admin-secret", namespace="argocd", data=drawn
        )
        person.types(password)
        answering = {"loadBalancer": {"ingress": [{"hostname": "k8s-eval.elb.amazonaws.com"}]}}
        cluster.add(
            "networking.k8s.io/v1",
            "Ingress",
            "orchestrator",
            namespace="eval-platform",
            status=answering,
        )
        (name,) = shell_blocks(PAGE, "8. The name")
        person.types(name)

    assert "k8s-eval.elb.amazonaws.com" in person.shown
    assert "drawn-by-argo-cd" in person.shown
    assert initial not in cluster.objects
    given = cluster.objects[f"{secrets}/repository"]
    assert given["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "repository"}
    assert base64.b64decode(given["data"]["githubAppPrivateKey"]) == b"made-up"
    assert not (deployed.cdktf.project / "KEY.pem").exists()
    assert set(shell_blocks(PAGE)) - set(person.typed) == set(LEFT_OUT)


def test_cdktf_destroys_every_stack_and_nothing_is_left(deployed: Account) -> None:
    stage = deployed.stage
    deployed.loop(deployed.cdktf.synth())
    deployed.loop(stage.each("lift", lambda workspace: lift_guards(stage, workspace)))
    stacks = (stack for stack in Stack if stack is not Stack.STATE)
    deployed.loop(deployed.cdktf.destroy(*(f"{DEV.name}-{stack}" for stack in stacks)))
    assert leftovers(DEV, stage.aws) != [], "the state bucket holds the others' states until now"
    deployed.loop(remove_state_bucket(stage))
    assert leftovers(DEV, stage.aws) == []


def doing(plan: Path, action: str) -> set[str]:
    """The addresses to which the plan does this."""
    return {
        change["address"]
        for change in json.loads(plan.read_text())["resource_changes"]
        if action in change["change"]["actions"]
    }


def lead_to(reached: dict[str, Any], kubeconfig: Path) -> None:
    """Let the cluster's address be answered here; everything else stays as AWS' command wrote it."""
    config = yaml.safe_load(kubeconfig.read_text())
    (only,) = config["clusters"]
    only["cluster"] |= reached
    kubeconfig.write_text(yaml.safe_dump(config))
