"""terraform killed in the middle of an apply: what is left, and how docs/interrupted-apply.md goes on."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Names, Stack
from evalctl.rehearsal.failures import INTERRUPTED_APPLY
from evalctl.rehearsal.rehearse import Stage, make_state_bucket, stage
from evalctl.rehearsal.terraform import TerraformError
from evalctl.rehearsal.workspace import Workspace
from tests.evalctl.rehearsal.accounts import Loop, opened, require_terraform, tell
from tests.evalctl.rehearsal.states import addresses, lock_of, state_of, unknown_to_its_state
from tests.support.paths import ROOT

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("interrupted apply")]

NAMES = Names(DEV)
KILLED_SECONDS = 300
# What the database needs in other states.
FIRST = (Stack.NETWORK, Stack.SECRETS, Stack.STORAGE, Stack.CLUSTER)


@pytest.fixture(scope="module")
def account(rendered: Path) -> Iterator[tuple[Stage, Loop]]:
    """An account that holds its state bucket and nothing else."""
    require_terraform()
    with opened(stage(DEV, rendered=rendered, progress=tell)) as (stage_, loop):
        loop(make_state_bucket(stage_))
        yield stage_, loop


def test_a_killed_apply_is_run_again_once_its_lock_is_released(account: tuple[Stage, Loop]) -> None:
    stage_, loop = account
    storage = loop(ready(stage_, Stack.STORAGE))
    # One of the three buckets, each of which takes a minute, waits for a place.
    loop(killed(stage_, storage, "-parallelism=2", when=lambda _: bool(state_of(stage_, storage))))
    saved = state_of(stage_, storage)
    assert 0 < len(saved) < len(addresses(storage)), "it was not in the middle"

    with pytest.raises(TerraformError) as locked:
        loop(stage_.terraform.apply(storage))
    told = str(locked.value)
    assert re.search(r"Who: +\S+@\S+", told), "terraform shows the holder"
    assert re.search(r"Created: +20\d\d-", told)
    assert "Only when it is dead for certain" in told
    release = re.search(r"^  terraform -chdir=(\S+) force-unlock (\S+)$", told, re.MULTILINE)
    assert release
    assert Path(release[1]) == storage.folder

    loop(stage_.terraform.release_lock(storage, release[2]))
    assert unknown_to_its_state(stage_, storage) == set(), "everything made had been saved"
    loop(stage_.terraform.apply(storage))
    loop(stage_.terraform.require_no_changes(storage))


def test_what_a_killed_apply_made_and_did_not_save_is_imported(account: tuple[Stage, Loop]) -> None:
    stage_, loop = account
    loop(stage_.each("apply", lambda workspace: apply_first(stage_, workspace)))
    database = loop(ready(stage_, Stack.DATABASE))
    loop(killed(stage_, database, when=lambda said: "instance: Still creating" in said))
    assert state_of(stage_, database) == [], "terraform saves at most every 20 seconds"
    instance = f"arn:aws:rds:{DEV.account.region}:{DEV.account.id}:db:{NAMES.aws('postgres')}"
    assert instance in unknown_to_its_state(stage_, database)
    loop(stage_.terraform.release_lock(database, lock_of(stage_, database)))

    imports = database.folder / "import.tf.json"
    imports.write_text(json.dumps({"import": database_imports(stage_)}))
    changes = json.loads(loop(stage_.terraform.plan(database)).read_text())["resource_changes"]
    lost = [change["address"] for change in changes if "delete" in change["change"]["actions"]]
    assert lost == [], "the import keeps what is there"
    loop(stage_.terraform.apply_plan(database))
    imports.unlink()
    loop(stage_.terraform.require_no_changes(database))
    assert unknown_to_its_state(stage_, database) == set()


def test_the_page_that_a_locked_state_points_to_tells_how_to_go_on() -> None:
    page = (ROOT / INTERRUPTED_APPLY).read_text()
    for told in ("force-unlock", "import.tf.json", "untaint"):
        assert told in page


async def ready(stage_: Stage, stack: Stack) -> Workspace:
    workspace = stage_.workspaces[stack]
    workspace.override(stage_.aws, local_state=False)
    await stage_.terraform.init(workspace)
    return workspace


async def apply_first(stage_: Stage, workspace: Workspace) -> None:
    if workspace.stack in FIRST:
        await stage_.terraform.apply(await ready(stage_, workspace.stack))


async def killed(
    stage_: Stage, workspace: Workspace, *options: str, when: Callable[[str], bool]
) -> None:
    """Apply, and kill terraform and its provider once `when` is true of what it said so far."""
    log = workspace.folder / "killed.log"
    with log.open("wb") as output:
        terraform = await asyncio.create_subprocess_exec(
            *("terraform", "apply", "-no-color", "-input=false", "-auto-approve"),
            *options,
            cwd=workspace.folder,
            env=stage_.terraform.environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(KILLED_SECONDS):
            while not await asyncio.to_thread(when, log.read_text()):
                assert terraform.returncode is None, f"it ended by itself:\n{log.read_text()}"
                await asyncio.sleep(0.1)
    finally:
        os.killpg(terraform.pid, signal.SIGKILL)
        await terraform.wait()


def database_imports(stage_: Stage) -> list[dict[str, str]]:
    """Where each thing that the page names belongs, and what AWS calls it."""
    name = NAMES.aws("postgres")
    alias = f"alias/{name}"
    ec2 = stage_.aws.client("ec2")
    key = stage_.aws.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    (rule,) = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )["SecurityGroupRules"]
    ids = {
        "aws_kms_key.key": key,
        "aws_kms_alias.key-alias": alias,
        "aws_cloudwatch_log_group.postgresql-log-group": f"/aws/rds/instance/{name}/postgresql",
        "aws_cloudwatch_log_group.upgrade-log-group": f"/aws/rds/instance/{name}/upgrade",
        "aws_db_parameter_group.parameter-group": f"{name}{DEV.database.engine_version}",
        "aws_db_subnet_group.subnet-group": name,
        "aws_iam_role.monitoring-role": f"{name}-monitoring",
        "aws_security_group.security-group": group["GroupId"],
        "aws_vpc_security_group_ingress_rule.security-group-postgres-from-cluster": rule[
            "SecurityGroupRuleId"
        ],
        "aws_db_instance.instance": name,
    }
    return [{"to": address, "id": id_} for address, id_ in ids.items()]
