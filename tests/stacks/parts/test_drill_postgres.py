"""The restore drill of PostgreSQL: the real script and AWS's own client, the calls on the emulated AWS, the
rows in a real PostgreSQL over TLS.

The emulated AWS restores no rows. So the real server stands for the restored instance: it has the address
that the emulated AWS gives the instance, its certificate, and the password that the drill sets.
"""

import ast
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments.names import (
    CLOUDWATCH_NAMESPACE,
    LAST_RESTORE_METRIC,
    POSTGRES_APP_USER,
    POSTGRES_DATABASE,
    RESTORE_DRILL,
    RESTORE_DRILL_CLASS,
    Names,
)
from environments.prod import PROD
from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.postgres import MASTER, NoPostgresError, Postgres, postgres
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from tests.stacks.parts.conftest import MakeNode
from tests.stacks.parts.fake_node import FakeNode
from tests.support.paths import ROOT
from tests.support.tools import program

pytestmark = pytest.mark.rehearsal  # AWS's client starts a dozen times in each drill

NAMES = Names(PROD)
LIVE, SCRATCH = NAMES.aws("postgres"), NAMES.aws(RESTORE_DRILL)
DRILL = "drill-postgres.sh"
MIGRATION = ROOT / "workload" / "migrations" / "versions" / "0001_runs_and_jobs.py"
RUN = "00000000-0000-0000-0000-000000000001"
SNAPSHOTS = "DBSnapshots"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server with the programs' tables, owned as the job `database-users` leaves them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server runs as another user
        host = f"{SCRATCH}.aaaaaaaaaa.{PROD.account.region}.rds.amazonaws.com"
        try:
            with postgres(Path(folder) / "postgres", host) as server:
                server.query(f"CREATE ROLE {POSTGRES_APP_USER}")
                server.query(f"GRANT {POSTGRES_APP_USER} TO {MASTER}")
                server.query(f"CREATE SCHEMA {POSTGRES_DATABASE} AUTHORIZATION {POSTGRES_APP_USER}")
                server.query(
                    f"SET ROLE {POSTGRES_APP_USER}; SET search_path = {POSTGRES_DATABASE};"
                    + _migration()
                )
                yield server
        except NoPostgresError as error:
            pytest.skip(str(error))


def _migration() -> str:
    """The SQL of the programs' first migration."""
    (sql,) = (
        node.value
        for node in ast.walk(ast.parse(MIGRATION.read_text()))
        if isinstance(node, ast.Constant) and "CREATE TABLE" in str(node.value)
    )
    return str(sql)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(PROD.account, tmp_path_factory.mktemp("aws") / "log") as aws:
        ec2, rds = aws.client("ec2"), aws.client("rds")
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
        rds.create_db_subnet_group(
            DBSubnetGroupName=LIVE, DBSubnetGroupDescription="data", SubnetIds=subnets
        )
        parameters = NAMES.aws(f"postgres{PROD.database.engine_version}")
        rds.create_db_parameter_group(
            DBParameterGroupName=parameters,
            DBParameterGroupFamily=f"postgres{PROD.database.engine_version}",
            Description="parameters",
        )
        ec2.create_security_group(GroupName=SCRATCH, Description="drill")
        yield aws


@pytest.fixture
def aws(emulator: EmulatedAws, server: Postgres) -> Iterator[EmulatedAws]:
    """The live instance with its automated snapshot, and rows of now."""
    rds = emulator.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier=LIVE,
        DBInstanceClass="db.m7g.large",
        Engine="postgres",
        AllocatedStorage=100,
        MultiAZ=True,
        DeletionProtection=True,
        MasterUsername=MASTER,
        MasterUserPassword="of-the-live-instance",
        Port=server.port,
        BackupRetentionPeriod=30,
    )
    write(server, age="1 minute")
    yield emulator
    rds.modify_db_instance(DBInstanceIdentifier=LIVE, DeletionProtection=False)
    for instance in rds.describe_db_instances()["DBInstances"]:
        rds.delete_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"], SkipFinalSnapshot=True
        )


def write(server: Postgres, *, age: str) -> None:
    """Replace the rows by a run of this age with one job."""
    server.query(
        f"""SET search_path = {POSTGRES_DATABASE}; TRUNCATE test_runs, jobs;
        INSERT INTO test_runs (id, request_digest, run, created_at)
          VALUES ('{RUN}', '', '{{}}', now() - interval '{age}');
        INSERT INTO jobs (id, run_id, case_id, "case", recorded_at)
          VALUES ('{RUN}', '{RUN}', 'c', '{{}}', now() - interval '{age}');"""
    )


@pytest.fixture
def node(make_node: MakeNode, aws: EmulatedAws, server: Postgres, aws_command: str) -> FakeNode:
    node = make_node()
    jq = program("jq", get_it="apt-get")
    copy = f'while [ "$1" != --output ]; do shift; done; cp {server.ca_file} "$2"'
    node.fake_program("curl", copy)
    # CloudWatch as in the tests of the backup: the emulated one does not have this client's protocol.
    cloudwatch = (node.folder / "bin" / "aws").read_text().splitlines()[-1]
    # As RDS does: a password that is set for the instance becomes the server's.
    node.fake_program(
        "aws",
        f"""if [ "$1" = cloudwatch ]; then {cloudwatch}; fi
        if [[ "$*" == *modify-db-instance* ]]; then
          file=${{*: -1}}
          password=$({jq} -r .MasterUserPassword "${{file#file://}}")
          env -u PGHOSTADDR psql --quiet --host {server.folder} --port {server.port} --username superuser \\
            --command "ALTER ROLE {MASTER} PASSWORD '$password'" postgres
        fi
        exec {aws_command} "$@" """,
    )
    return node


def run(node: FakeNode, aws: EmulatedAws, **settings: str) -> subprocess.CompletedProcess[str]:
    values = {
        **aws.environment,
        "CREDENTIAL_SOURCE": "Environment",  # on a node: Ec2InstanceMetadata
        "DRILL_POLL_SECONDS": "0",
        "PGHOSTADDR": "127.0.0.1",  # where the instance's name leads
        **settings,
    }
    return node.run(DRILL, **values)


def instances(aws: EmulatedAws) -> dict[str, Any]:
    found = aws.client("rds").describe_db_instances()["DBInstances"]
    return {each["DBInstanceIdentifier"]: each for each in found}


def successes(node: FakeNode) -> list[str]:
    """What the node sent to CloudWatch, without the times."""
    metrics = node.cloud / "metrics"
    lines = metrics.read_text().splitlines() if metrics.exists() else []
    return [line.rpartition(" ")[0] for line in lines]


def failure(node: FakeNode, aws: EmulatedAws, **settings: str) -> str:
    """What the drill reports; it fails, leaves no instance, and reports no success to CloudWatch."""
    result = run(node, aws, **settings)
    assert result.returncode == 1, result.stderr
    assert instances(aws).keys() == {LIVE}
    assert successes(node) == []
    return result.stderr


def test_old_rows_fail(node: FakeNode, aws: EmulatedAws, server: Postgres) -> None:
    write(server, age="8 days")
    assert "test_runs is 8 days old; the limit is 7" in failure(node, aws)


def test_an_empty_snapshot_fails(node: FakeNode, aws: EmulatedAws, server: Postgres) -> None:
    server.query(f"TRUNCATE {POSTGRES_DATABASE}.jobs")
    assert f"the restored {POSTGRES_DATABASE}.jobs has no rows" in failure(node, aws)


def test_without_its_security_group_nothing_is_restored(node: FakeNode, aws: EmulatedAws) -> None:
    ec2 = aws.client("ec2")
    ec2.delete_security_group(GroupName=SCRATCH)
    try:
        assert f"there is no security group {SCRATCH}; apply the stack" in failure(node, aws)
    finally:
        ec2.create_security_group(GroupName=SCRATCH, Description="drill")
    assert not [call for call in node.calls("aws") if "restore-db" in call]


def test_an_old_snapshot_fails_and_is_not_restored(node: FakeNode, aws: EmulatedAws) -> None:
    now = 'if [ $# = 1 ]; then echo $(($(/bin/date +%s) + 172800)); else /bin/date "$@"; fi'
    node.fake_program("date", now)  # two days later
    assert "48 hours old; the limit is 36" in failure(node, aws)
    assert not [call for call in node.calls("aws") if "restore-db" in call]


def test_an_instance_without_a_snapshot_fails(node: FakeNode, aws: EmulatedAws) -> None:
    rds = aws.client("rds")
    for snapshot in rds.describe_db_snapshots(SnapshotType="automated")[SNAPSHOTS]:
        rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])
    assert f"{LIVE} has no automated snapshot" in failure(node, aws)


def test_a_restore_that_aws_refuses_fails(node: FakeNode, aws: EmulatedAws) -> None:
    assert "cannot be restored" in failure(node, aws, POSTGRES_PARAMETERS="missing")


def test_another_server_than_rds_gets_no_password(
    node: FakeNode, aws: EmulatedAws, tmp_path: Path
) -> None:
    """Its certificate is not from RDS's authorities. The drill also ends when its time is over."""
    other = Authority(tmp_path).pair.certificate
    node.fake_program("curl", f'while [ "$1" != --output ]; do shift; done; cp {other} "$2"')
    reported = failure(node, aws, DRILL_SECONDS="20")
    assert "certificate verify failed" in reported
    assert "not done after" in reported


def test_a_drill_proves_the_newest_snapshot_and_deletes_its_instance(
    node: FakeNode, aws: EmulatedAws
) -> None:
    result = run(node, aws)
    assert result.returncode == 0, result.stderr
    assert f"{POSTGRES_DATABASE}.test_runs: 1 rows" in result.stderr
    assert f"{POSTGRES_DATABASE}.jobs: 1 rows" in result.stderr
    assert successes(node) == [f"{CLOUDWATCH_NAMESPACE} {LAST_RESTORE_METRIC} Store=PostgreSQL"]
    assert instances(aws).keys() == {LIVE}
    # Nothing of the scratch instance stays, and nothing of the live one is lost.
    snapshots = aws.client("rds").describe_db_snapshots()[SNAPSHOTS]
    assert {each["DBInstanceIdentifier"] for each in snapshots} == {LIVE}
    # Every call to RDS is made with the drill's role, and no argument has the password.
    calls = [call for call in node.calls("aws") if " rds " in call]
    assert all(call.startswith("aws --profile drill ") for call in calls)
    assert not [call for call in calls if "assword" in call.replace("/password.json", "")]


def test_the_next_drill_deletes_what_a_killed_one_left(node: FakeNode, aws: EmulatedAws) -> None:
    download = (node.folder / "bin" / "curl").read_text().splitlines()[-1]
    node.fake_program("curl", "kill -KILL $PPID")
    assert run(node, aws).returncode == -9
    left = instances(aws)[SCRATCH]
    assert left["DBInstanceClass"] == RESTORE_DRILL_CLASS
    assert left["DBSubnetGroup"]["DBSubnetGroupName"] == LIVE
    for off in ("MultiAZ", "PubliclyAccessible", "DeletionProtection"):
        assert left[off] is False
    (group,) = left["VpcSecurityGroups"]
    groups = aws.client("ec2").describe_security_groups(GroupIds=[group["VpcSecurityGroupId"]])
    assert groups["SecurityGroups"][0]["GroupName"] == SCRATCH
    node.fake_program("curl", download)
    result = run(node, aws)
    assert result.returncode == 0, result.stderr
    assert f"deleting {SCRATCH} of a former run" in result.stderr
    assert instances(aws).keys() == {LIVE}


def test_a_drill_that_is_stopped_deletes_its_instance(node: FakeNode, aws: EmulatedAws) -> None:
    node.fake_program("curl", "kill -TERM $PPID")
    assert run(node, aws).returncode != 0
    assert instances(aws).keys() == {LIVE}
