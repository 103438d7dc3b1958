"""terraform killed during an apply: the resources and state it leaves, and the recovery of the page."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Names, Stack
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.terraform import TerraformError
from evalctl.rehearsal.terraform_errors import INTERRUPTED_APPLY
from evalctl.rehearsal.working_directory import WorkingDirectory
from tests.evalctl.rehearsal.accounts import Loop
from tests.evalctl.rehearsal.states import addresses, lock_of, missing_from_state, state_of
from tests.support.paths import ROOT

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("account")]

NAMES = Names(DEV)
KILLED_SECONDS = 300


def test_a_killed_apply_can_be_run_again_after_its_lock_is_released(
    account: tuple[EmulatedEnvironment, Loop],
) -> None:
    emulated, loop = account
    storage = loop(ready(emulated, Stack.STORAGE))
    # Each of the three buckets takes a minute, and one of them waits for the other two.
    loop(
        killed(
            emulated, storage, "-parallelism=2", when=lambda _: bool(state_of(emulated, storage))
        )
    )
    saved = state_of(emulated, storage)
    assert 0 < len(saved) < len(addresses(storage)), "the apply was not killed in the middle"

    with pytest.raises(TerraformError) as locked:
        loop(emulated.terraform.apply(storage))
    message = str(locked.value)
    assert re.search(r"Who: +\S+@\S+", message), "terraform prints the holder"
    assert re.search(r"Created: +20\d\d-", message)
    assert "only when that run is certainly dead" in message
    release = re.search(r"^  terraform -chdir=(\S+) force-unlock (\S+)$", message, re.MULTILINE)
    assert release
    assert Path(release[1]) == storage.folder

    loop(emulated.terraform.force_unlock(storage, release[2]))
    assert missing_from_state(emulated, storage) == set(), "the state has every created resource"
    loop(emulated.terraform.apply(storage))
    loop(emulated.terraform.require_no_changes(storage))


def test_resources_that_a_killed_apply_did_not_save_are_imported(
    account_with_cluster: tuple[EmulatedEnvironment, Loop],
) -> None:
    emulated, loop = account_with_cluster
    database = loop(ready(emulated, Stack.DATABASE))
    loop(killed(emulated, database, when=lambda output: "instance: Still creating" in output))
    assert state_of(emulated, database) == [], "terraform saves at most every 20 seconds"
    instance = f"arn:aws:rds:{DEV.account.region}:{DEV.account.id}:db:{NAMES.aws('postgres')}"
    assert instance in missing_from_state(emulated, database)
    loop(emulated.terraform.force_unlock(database, lock_of(emulated, database)))

    imports = database.folder / "import.tf.json"
    imports.write_text(json.dumps({"import": database_imports(emulated)}))
    changes = json.loads(loop(emulated.terraform.plan(database)).read_text())["resource_changes"]
    deleted = [change["address"] for change in changes if "delete" in change["change"]["actions"]]
    assert deleted == [], "the import deletes nothing"
    loop(emulated.terraform.apply_plan(database))
    imports.unlink()
    loop(emulated.terraform.require_no_changes(database))
    assert missing_from_state(emulated, database) == set()


def test_the_page_that_the_lock_error_names_describes_the_recovery() -> None:
    page = (ROOT / INTERRUPTED_APPLY).read_text()
    for command in ("force-unlock", "import.tf.json", "untaint"):
        assert command in page


async def ready(emulated: EmulatedEnvironment, stack: Stack) -> WorkingDirectory:
    directory = emulated.directories[stack]
    directory.override(emulated.aws, local_state=False)
    await emulated.terraform.init(directory)
    return directory


async def killed(
    emulated: EmulatedEnvironment,
    directory: WorkingDirectory,
    *options: str,
    when: Callable[[str], bool],
) -> None:
    """Apply, and kill terraform and its provider once `when` is true for the output so far."""
    log = directory.folder / "killed.log"
    with log.open("wb") as output:
        terraform = await asyncio.create_subprocess_exec(
            *("terraform", "apply", "-no-color", "-input=false", "-auto-approve"),
            *options,
            cwd=directory.folder,
            env=emulated.terraform.environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(KILLED_SECONDS):
            while not await asyncio.to_thread(when, log.read_text()):
                assert terraform.returncode is None, (
                    f"terraform ended before it was killed:\n{log.read_text()}"
                )
                await asyncio.sleep(0.5)
    finally:
        os.killpg(terraform.pid, signal.SIGKILL)
        await terraform.wait()


def database_imports(emulated: EmulatedEnvironment) -> list[dict[str, str]]:
    """The address and the AWS id of each resource that the page lists."""
    name = NAMES.aws("postgres")
    alias = f"alias/{name}"
    ec2 = emulated.aws.client("ec2")
    key = emulated.aws.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
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
