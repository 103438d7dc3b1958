"""`evalctl teardown`, with the real kubectl and aws.

cdktf is a stand-in that only logs its calls. That the real one destroys every stack with this command,
and leaves nothing, is tested in tests/evalctl/rehearsal/test_life_by_cdktf.py.
"""

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from argocd.waves import ORDER
from environments.dev import DEV
from environments.images import Image
from environments.names import (
    AGGREGATED_API_SERVERS,
    APPS_WITH_A_JOB,
    Addon,
    App,
    Bucket,
    Names,
    Stack,
)
from evalctl.lifecycle.identity import Kubectl
from evalctl.lifecycle.teardown import delete_applications
from evalctl.rehearsal.emulator import EmulatedAws
from tests.evalctl.lifecycle.conftest import CONTEXT, NAMES, Operator, create_cluster, write_program
from tests.evalctl.lifecycle.fake_api import Cluster
from tests.support.pages import shell_blocks
from tests.support.previews import PREVIEWS

# All these tests share one emulated AWS.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("teardown")]

APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
INGRESS = "/apis/networking.k8s.io/v1/namespaces/eval-platform/ingresses/orchestrator"
CLAIM = "/api/v1/namespaces/monitoring/persistentvolumeclaims/prometheus"
VOLUME = "/api/v1/persistentvolumes/prometheus"
CDKTF = "node_modules/.bin/cdktf"
# The calls of kubectl and aws that only check.
CHECKS = (
    *("kubectl config ", "aws sts ", "aws eks ", "aws rds ", "aws s3 cp ", "aws ecr list-images "),
    *("aws s3api list-object-versions ", "aws backup list-", "aws backup describe-"),
)
MANIFEST = json.dumps(
    {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
)
REGION = DEV.account.region
VAULT = NAMES.aws("backup")
REPORTS = NAMES.bucket(Bucket.REPORTS)
# The names that EKS and RDS give their log groups.
LOG_GROUPS = (
    "/aws/eks/ai-eval-platform-dev/cluster",
    "/aws/rds/instance/ai-eval-platform-dev-postgres/postgresql",
    "/aws/rds/instance/ai-eval-platform-dev-postgres/upgrade",
)

# terraform would install every provider that a state names, if cdktf were started without these variables.
_WITH_SETTINGS = (
    'case "$TF_CLI_CONFIG_FILE $TF_CLI_ARGS_init" in '
    "*/stacks/terraform.tfrc' -lockfile=readonly'*) ;; *) exit 9 ;; esac;"
)


@pytest.fixture
def operator(operator: Operator, rendered: Path) -> Operator:
    """A person who also has the programs and files for a destroy."""
    checkout = operator.checkout
    database = NAMES.stack_folder(Stack.DATABASE)
    shutil.copytree(rendered.parent / database, checkout / database)
    (checkout / CDKTF).parent.mkdir(parents=True)
    write_program(checkout / CDKTF, f"{_WITH_SETTINGS} true", name=CDKTF, log=checkout)
    for name in ("node", "terraform"):
        write_program(checkout / "programs" / name, "false")  # only cdktf would call it
    return operator


@pytest.fixture
def cluster(cluster: Cluster, rendered: Path) -> Cluster:
    """A cluster that Argo CD syncs, with a load balancer and a volume."""
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    cluster.add(*definition, "applications.argoproj.io")
    for file in (rendered / "dev" / "argocd").glob("Application-*.yaml"):
        application = yaml.safe_load(file.read_text())
        cluster.objects[f"{APPLICATIONS}/{application['metadata']['name']}"] = application
    cluster.add("networking.k8s.io/v1", "Ingress", "orchestrator", namespace="eval-platform")
    cluster.add("v1", "PersistentVolumeClaim", "prometheus", namespace="monitoring")
    cluster.add("v1", "PersistentVolume", "prometheus")
    cluster.made_by[path(App.ORCHESTRATOR)] = [INGRESS]
    # Prometheus' claims are retained: no Application takes them along.
    cluster.made_by[CLAIM] = [VOLUME]
    return cluster


@pytest.fixture
def no_cluster(operator: Operator, aws: EmulatedAws) -> Iterator[None]:
    """The cluster stack is destroyed already."""
    aws.client("eks").delete_cluster(name=NAMES.cluster)
    yield
    create_cluster(aws)


class InUse:
    """Dev's stores in the emulated AWS, created and filled as the stacks and their users would."""

    def __init__(self, aws: EmulatedAws, rendered: Path, cleanup: ExitStack) -> None:
        self._aws = aws
        self._rendered = rendered
        self._cleanup = cleanup
        self._states = self.make_bucket(NAMES.bucket(Bucket.STATE))

    def repositories(self) -> None:
        """One image in each."""
        ecr = self._aws.client("ecr")
        for image in Image:
            name = NAMES.image_repository(image)
            ecr.create_repository(repositoryName=name)
            self._cleanup.callback(delete_repository, ecr, name)
            ecr.put_image(repositoryName=name, imageManifest=MANIFEST, imageTag="release-1")
        self._note(Stack.REGISTRY, "aws_ecr_repository")

    def bucket(self) -> None:
        """A bucket whose objects are deleted, but whose old versions are left."""
        self.make_bucket(REPORTS)
        s3 = self._aws.client("s3")
        s3.put_bucket_versioning(Bucket=REPORTS, VersioningConfiguration={"Status": "Enabled"})
        for number in range(3):
            s3.put_object(Bucket=REPORTS, Key=f"report {number}", Body=b"good")
            s3.delete_object(Bucket=REPORTS, Key=f"report {number}")
        self._note(Stack.STORAGE, "aws_s3_bucket")

    def vault(self, *, region: str = REGION) -> Any:
        """A vault with one recovery point; returns the client of AWS Backup in its region."""
        backup = self._aws.client("backup", region)
        made = backup.create_backup_vault(BackupVaultName=VAULT)
        self._cleanup.callback(delete_vault, backup)
        backup.start_backup_job(
            BackupVaultName=VAULT,
            ResourceArn=f"arn:aws:rds:{region}:{DEV.account.id}:db:{NAMES.aws('postgres')}",
            IamRoleArn=NAMES.role_arn(NAMES.aws("backup")),
        )
        self._note(Stack.BACKUP, "aws_backup_vault", arn=made["BackupVaultArn"])
        return backup

    def kept(self, stack: Stack) -> None:
        """Remove the stack's resources from the state, as `terraform state rm` does."""
        self._put(stack, [])

    def _note(self, stack: Stack, type_: str, **computed: str) -> None:
        """Write the state as terraform would: the arguments, and what AWS computed."""
        file = self._rendered.parent / NAMES.stack_folder(stack) / "cdk.tf.json"
        resources = json.loads(file.read_text())["resource"][type_].values()
        instances = [{"attributes": arguments | computed} for arguments in resources]
        self._put(stack, [{"mode": "managed", "type": type_, "instances": instances}])

    def _put(self, stack: Stack, resources: list[dict[str, Any]]) -> None:
        state = json.dumps({"version": 4, "resources": resources})
        self._aws.client("s3").put_object(
            Bucket=self._states, Key=NAMES.state_key(stack), Body=state.encode()
        )

    def make_bucket(self, name: str) -> str:
        s3 = self._aws.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._cleanup.callback(delete_bucket, self._aws, name)
        return name


@pytest.fixture
def in_use(aws: EmulatedAws, rendered: Path) -> Iterator[InUse]:
    with ExitStack() as cleanup:
        yield InUse(aws, rendered, cleanup)


def delete_repository(ecr: Any, name: str) -> None:
    if any(r["repositoryName"] == name for r in ecr.describe_repositories()["repositories"]):
        ecr.delete_repository(repositoryName=name, force=True)


def delete_bucket(aws: EmulatedAws, name: str) -> None:
    s3 = aws.client("s3")
    listed = s3.list_object_versions(Bucket=name)
    for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def delete_vault(backup: Any) -> None:
    backup.delete_backup_vault_lock_configuration(BackupVaultName=VAULT)
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT)
    for point in listed["RecoveryPoints"]:
        backup.delete_recovery_point(
            BackupVaultName=VAULT, RecoveryPointArn=point["RecoveryPointArn"]
        )
    backup.delete_backup_vault(BackupVaultName=VAULT)


def path(part: App | Addon) -> str:
    return f"{APPLICATIONS}/{NAMES.application(part)}"


def done(operator: Operator) -> list[str]:
    """The calls that are not checks before the first change."""
    reads = shlex.join(["kubectl", "--context", CONTEXT, "--request-timeout=15s"])
    return [c for c in operator.commands if not c.startswith((reads, *CHECKS))]


def without_settings(line: str) -> str:
    """The program and its arguments of a printed command, without `env` and its variables."""
    words = shlex.split(line)
    if words[0] == "env":
        words = words[
            next(i for i, word in enumerate(words) if i and "=" not in word.split("/")[0]) :
        ]
    return shlex.join(words)


def refused(operator: Operator, cluster: Cluster, *options: str, env: str = "dev") -> str:
    """The error output of a command that must change nothing; checks that it changed nothing."""
    before = dict(cluster.objects)
    result = operator.teardown("--yes", *options, env=env)
    assert result.returncode == 1, result.stdout
    assert f"{env} was not torn down; nothing was changed" in result.stderr
    assert "Traceback" not in result.stderr
    assert cluster.objects == before
    assert cluster.changes == []
    assert done(operator) == []
    return result.stderr


def test_waves_are_deleted_backwards_and_before_the_stacks_in_reverse_order(
    operator: Operator, cluster: Cluster
) -> None:
    result = operator.teardown(typed="dev\n")

    assert result.returncode == 0, result.stderr
    deleted = [c.removeprefix("delete ") for c in cluster.changes if c.startswith("delete ")]
    root = f"{APPLICATIONS}/{NAMES.argocd_root}"
    assert deleted[0] == root
    servers = [path(addon) for addon in AGGREGATED_API_SERVERS]
    assert sorted(deleted[1:3]) == sorted(servers)
    assert deleted[3] == f"{APPLICATIONS}/{NAMES.argocd_dashboards}"
    at = [
        [deleted.index(path(part)) for part in wave if path(part) not in servers] for wave in ORDER
    ]
    for wave, next_wave in pairwise(filter(None, at)):
        assert min(wave) > max(next_wave), "not backwards"
    assert deleted.index(INGRESS) < deleted.index(path(Addon.LOAD_BALANCER_CONTROLLER))
    assert deleted.index(path(Addon.PROMETHEUS_STACK)) < deleted.index(
        path(Addon.LOAD_BALANCER_CONTROLLER)
    )
    # Prometheus no longer uses its claim, and the driver that deletes volumes still runs.
    assert deleted.index(CLAIM) > deleted.index(path(Addon.PROMETHEUS_STACK))
    assert VOLUME in deleted
    # Argo CD stays, because it does the deleting; it is deleted with the cluster.
    assert f"{APPLICATIONS}/{NAMES.argocd_installation}" in cluster.objects
    (destroy,) = (command for command in done(operator) if command.startswith(CDKTF))
    names = shlex.split(destroy)[2:-1]
    assert destroy.startswith(f"{CDKTF} destroy dev-delivery dev-budget dev-registry dev-backup ")
    assert names == [f"dev-{stack}" for stack in reversed(Stack) if stack is not Stack.STATE]


def test_the_root_application_loses_its_finalizer_before_it_is_deleted(
    operator: Operator, cluster: Cluster
) -> None:
    # Its finalizer would delete everything at once, and the fake API refuses that without approval.
    assert operator.teardown("--yes").returncode == 0
    root = f"{APPLICATIONS}/{NAMES.argocd_root}"
    assert cluster.changes[:2] == [f"kubectl-patch {root}", f"delete {root}"]


def test_dry_run_prints_exactly_the_commands_that_are_then_run(
    operator: Operator, cluster: Cluster
) -> None:
    dry = operator.teardown("--dry-run")

    assert dry.returncode == 0, dry.stderr
    assert done(operator) == []
    assert cluster.changes == []
    shown = [
        without_settings(line)
        for line in dry.stdout.splitlines()
        if line.startswith(("kubectl ", "aws ", "env "))
    ]
    assert operator.teardown("--yes").returncode == 0
    assert shown == done(operator)
    assert len(shown) > 15


def test_only_the_cluster_is_emptied_and_no_stack_is_destroyed(
    operator: Operator, cluster: Cluster
) -> None:
    dry = operator.teardown("--only-cluster", "--dry-run")
    result = operator.teardown("--only-cluster", "--yes")

    assert result.returncode == 0, result.stderr
    assert [path(part) for part in (*App, *Addon) if path(part) in cluster.objects] == []
    assert all(command.startswith("kubectl ") for command in done(operator))
    assert "env " not in dry.stdout
    assert CDKTF not in dry.stdout


def test_what_is_left_is_listed_with_what_stays_on_purpose(
    operator: Operator, cluster: Cluster, aws: EmulatedAws
) -> None:
    s3 = aws.client("s3")
    bucket = "left-behind"
    where = {"LocationConstraint": DEV.account.region}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    tag = {"Key": "Platform", "Value": "ai-eval-platform"}
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [tag]})
    try:
        result = operator.teardown("--yes")
    finally:
        s3.delete_bucket(Bucket=bucket)
    assert result.returncode == 0, result.stderr
    assert f"    arn:aws:s3:::{bucket}\n" in result.stdout
    assert "final snapshots until you delete them" in result.stdout


def test_log_groups_that_aws_makes_again_during_the_destroy_are_deleted(
    operator: Operator, cluster: Cluster, aws: EmulatedAws
) -> None:
    logs = aws.client("logs")
    of_the_account, of_another = "RDSOSMetrics", f"{NAMES.cluster_log_group}-of-another"
    for group in (of_the_account, of_another):
        logs.create_log_group(logGroupName=group)
    makes_again = " ".join(
        f"aws logs create-log-group --log-group-name {group};" for group in LOG_GROUPS[:-1]
    )
    write_program(operator.checkout / CDKTF, f"{makes_again} true")

    result = operator.teardown("--yes")

    assert result.returncode == 0, result.stderr
    left = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    assert left == {of_the_account, of_another}
    for group in LOG_GROUPS[:-1]:
        assert f"done: delete the log group {group}" in result.stdout
    assert f"nothing to do: delete the log group {LOG_GROUPS[-1]}" in result.stdout
    for group in left:
        logs.delete_log_group(logGroupName=group)


def test_a_log_group_that_cannot_be_deleted_stops_the_teardown_and_is_reported(
    operator: Operator, cluster: Cluster
) -> None:
    aws = operator.checkout / "programs" / "aws"
    works = aws.read_text()
    aws.write_text(
        works.replace(
            "exec ", 'case "$2" in delete-log-group) echo denied >&2; exit 1; esac; exec '
        )
    )
    result = operator.teardown("--yes")
    assert result.returncode == 1
    assert "The teardown of dev stopped halfway" in result.stderr
    assert "denied" in result.stderr
    assert LOG_GROUPS[0] in result.stderr


@pytest.mark.parametrize("typed", ["", "prod\n"])
def test_without_the_environments_name_nothing_is_changed(
    operator: Operator, cluster: Cluster, typed: str
) -> None:
    result = operator.teardown(typed=typed)
    assert result.returncode == 1
    assert "This destroys dev. Type its name" in result.stdout
    assert "Traceback" not in result.stderr
    assert cluster.changes == []
    assert done(operator) == []


@pytest.mark.parametrize("part", [App.NAMESPACE, Addon.EXTERNAL_SECRETS])
def test_a_teardown_that_stopped_halfway_reports_it_and_the_next_one_continues(
    operator: Operator, cluster: Cluster, part: App | Addon
) -> None:
    everything = operator.teardown("--dry-run").stdout
    cluster.refuses_deletion = path(part)
    stopped = operator.teardown("--yes")
    assert stopped.returncode == 1
    assert "The teardown of dev stopped halfway" in stopped.stderr
    assert "planted: " in stopped.stderr
    assert "run the same command again" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert cluster.changes[-1].startswith("delete ")
    assert not any(CDKTF in command for command in done(operator))

    cluster.refuses_deletion = None
    rest = operator.teardown("--dry-run").stdout
    assert len(rest.splitlines()) < len(everything.splitlines())
    assert operator.teardown("--yes").returncode == 0
    assert [p for p in cluster.objects if p.startswith(APPLICATIONS)] == [
        f"{APPLICATIONS}/{NAMES.argocd_installation}"
    ]
    assert any(CDKTF in command for command in done(operator))


def test_a_teardown_whose_destroy_failed_continues_with_the_stacks(
    operator: Operator, cluster: Cluster
) -> None:
    cdktf = operator.checkout / CDKTF
    works = cdktf.read_text()
    write_program(cdktf, "echo BucketNotEmpty: empty it first >&2; false")
    stopped = operator.teardown("--yes")
    assert stopped.returncode == 1
    assert "BucketNotEmpty: empty it first" in stopped.stderr
    assert "run the same command again" in stopped.stderr

    cdktf.write_text(works)
    changes = list(cluster.changes)
    again = operator.teardown("--yes")
    assert again.returncode == 0, again.stderr
    assert cluster.changes == changes


def test_without_a_cluster_only_the_stacks_are_destroyed(
    operator: Operator, cluster: Cluster, no_cluster: None
) -> None:
    # The kubeconfig may be deleted with the cluster.
    Path(operator.environment["KUBECONFIG"]).unlink()
    result = operator.teardown("--yes")
    assert result.returncode == 0, result.stderr
    assert f"{NAMES.cluster} of account {DEV.account.id} is deleted already" in result.stdout
    assert cluster.changes == []
    destroy, *rest = done(operator)
    groups, listings = rest[: len(LOG_GROUPS)], rest[len(LOG_GROUPS) :]
    assert destroy.startswith(f"{CDKTF} destroy ")
    assert all(group.startswith("aws logs delete-log-group ") for group in groups)
    assert listings
    assert all(listing.startswith("aws resourcegroupstaggingapi ") for listing in listings)


def test_in_a_cluster_without_argo_cd_only_the_stacks_are_destroyed(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.objects.clear()
    result = operator.teardown("--yes")
    assert result.returncode == 0, result.stderr
    assert cluster.changes == []
    assert any(command.startswith(f"{CDKTF} destroy ") for command in done(operator))


def test_a_protected_environment_and_the_wrong_account_are_reported_together(
    operator: Operator, cluster: Cluster
) -> None:
    message = refused(operator, cluster, env="prod")
    assert f"Your AWS credentials are of account {DEV.account.id}" in message
    assert "environments/prod.py protects its data (database.deletion_protection)" in message
    assert "docs/teardown.md, step 1" in message


def test_a_rendered_stack_that_still_protects_its_database_is_refused(
    operator: Operator, cluster: Cluster
) -> None:
    file = operator.checkout / NAMES.stack_folder(Stack.DATABASE) / "cdk.tf.json"
    file.write_text(
        file.read_text().replace('deletion_protection": false', 'deletion_protection": true')
    )
    assert "cdk.tf.json still protects the database" in refused(operator, cluster)


def test_a_database_that_aws_still_protects_is_refused(
    operator: Operator, cluster: Cluster, aws: EmulatedAws
) -> None:
    rds: Any = aws.client("rds")
    name = NAMES.aws("postgres")
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="someone",
        MasterUserPassword="made-up-word",
        AllocatedStorage=20,
        DeletionProtection=True,
    )
    try:
        message = refused(operator, cluster, "--context", "nowhere")
    finally:
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert f"AWS still protects the database {name}" in message
    assert "node_modules/.bin/cdktf deploy dev-database" in message
    assert "cannot locate context nowhere" in message, "not reported together"


def test_images_and_recovery_points_stop_a_teardown_before_anything_changes(
    operator: Operator, cluster: Cluster, in_use: InUse
) -> None:
    in_use.repositories()
    in_use.vault()
    in_use.bucket()
    message = refused(operator, cluster)
    for image in Image:
        name = NAMES.image_repository(image)
        assert f"The repository {name} holds images" in message
        assert (
            f"aws ecr delete-repository --force --region {REGION} --repository-name {name}"
            in message
        )
    assert f"{VAULT} in {REGION} holds recovery points. Delete them, or keep the vault" in message
    assert message == refused(operator, cluster, "--dry-run")


def test_a_vault_in_another_region_is_checked_there(
    operator: Operator, cluster: Cluster, in_use: InUse
) -> None:
    in_use.vault(region="us-west-2")
    assert f"{VAULT} in us-west-2 holds recovery points" in refused(operator, cluster)


@pytest.mark.parametrize(
    ("mode", "advice"),
    [
        (
            {},
            "set backup.vault_locked to False in environments/dev.py, render, and apply dev-backup "
            "yourself, because a deploy must not remove a lock",
        ),
        ({"ChangeableForDays": 3}, "in compliance mode and nobody can lift it after its LockDate"),
    ],
    ids=["governance", "compliance"],
)
def test_the_message_about_a_locked_vault_names_how_it_can_be_emptied(
    operator: Operator, cluster: Cluster, in_use: InUse, mode: dict[str, int], advice: str
) -> None:
    backup = in_use.vault()
    backup.put_backup_vault_lock_configuration(BackupVaultName=VAULT, MinRetentionDays=7, **mode)
    assert advice in refused(operator, cluster)


def test_what_was_removed_from_the_state_does_not_stop_a_teardown(
    operator: Operator, cluster: Cluster, in_use: InUse
) -> None:
    in_use.vault()
    in_use.kept(Stack.BACKUP)
    assert operator.teardown("--yes").returncode == 0


def test_a_bucket_with_old_versions_stops_a_teardown_after_the_apps_and_before_the_stacks(
    operator: Operator, cluster: Cluster, in_use: InUse
) -> None:
    in_use.bucket()
    warning = f"{REPORTS} holds objects. When the apps are deleted, this command stops until you"
    dry = operator.teardown("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert warning in dry.stdout

    stopped = operator.teardown("--yes")
    assert stopped.returncode == 1
    assert warning in stopped.stdout
    assert "The teardown of dev stopped halfway" in stopped.stderr
    assert f"old versions: {REPORTS}. Empty or keep each one" in stopped.stderr
    assert "run the same command again" in stopped.stderr
    assert path(App.WORKER) not in cluster.objects
    assert not any(CDKTF in command for command in done(operator))

    in_use.kept(Stack.STORAGE)
    assert operator.teardown("--yes").returncode == 0
    assert any(CDKTF in command for command in done(operator))


def test_the_commands_in_the_docs_empty_everything_that_stops_a_teardown(
    operator: Operator, cluster: Cluster, in_use: InUse, aws: EmulatedAws, tmp_path: Path
) -> None:
    in_use.repositories()
    in_use.vault()
    in_use.bucket()
    for bucket in (Bucket.DATASETS, Bucket.BACKUPS):  # empty, and there
        in_use.make_bucket(NAMES.bucket(bucket))
    *blocks, keep = shell_blocks("teardown.md", "1. Decide what happens to the data")
    assert "terraform state rm" in keep
    result = subprocess.run(
        ["bash", "-e", "-c", "".join(blocks)],
        env=aws.environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    result = operator.teardown("--yes")
    assert result.returncode == 0, result.stderr
    assert "holds objects" not in result.stdout


def test_a_state_that_cannot_be_read_is_reported(
    operator: Operator, cluster: Cluster, in_use: InUse, aws: EmulatedAws
) -> None:
    aws.client("s3").put_object(
        Bucket=NAMES.bucket(Bucket.STATE), Key=NAMES.state_key(Stack.REGISTRY), Body=b"not a state"
    )
    assert "AWS did not list what it would refuse to delete" in refused(operator, cluster)


def test_a_context_of_another_cluster_is_refused_even_if_it_has_the_clusters_name(
    operator: Operator, cluster: Cluster
) -> None:
    message = refused(operator, cluster, "--context", NAMES.cluster_arn)
    assert f"leads to https://elsewhere.example.com, but {NAMES.cluster} answers at" in message


@pytest.mark.parametrize("name", ["aws", "node", "terraform"])
def test_a_missing_program_is_reported(operator: Operator, cluster: Cluster, name: str) -> None:
    assert f"{name} is not installed" in refused(operator.without(name), cluster)


def test_a_checkout_without_cdktf_and_rendered_files_is_reported(
    operator: Operator, cluster: Cluster
) -> None:
    (operator.checkout / CDKTF).unlink()
    shutil.rmtree(operator.checkout / "rendered")
    message = refused(operator, cluster)
    assert f"{CDKTF} is not installed: run `make cdktf`" in message
    assert "Start in the repository's root, after `make render`" in message


def every_command(names: Names) -> list[str]:
    there = {names.application(part) for part in (*App, *Addon)}
    steps = delete_applications(names, Kubectl("here"), waves=ORDER, there=there)
    return [shlex.join(step.command) for step in steps if " delete " in shlex.join(step.command)]


def test_aggregated_apis_are_deleted_before_anything_that_deletes_a_namespace() -> None:
    # While one is registered and its server is gone, no deletion of a namespace ends.
    names = Names(dataclasses.replace(DEV, previews=PREVIEWS))
    first, *others = every_command(names)
    for addon in AGGREGATED_API_SERVERS:
        assert names.application(addon) in first
        assert not any(names.application(addon) in other for other in others)


def test_a_namespace_is_deleted_after_everything_in_it(rendered: Path) -> None:
    deleted = every_command(NAMES)
    found = set()
    for app in App:
        for file in (rendered / "dev" / "k8s" / app).glob("Namespace-*.yaml"):
            namespace = yaml.safe_load(file.read_text())["metadata"]["name"]
            found.add(namespace)
            for part in (*App, *Addon):
                application = (
                    rendered / "dev" / "argocd" / f"Application-{NAMES.application(part)}.yaml"
                )
                destination = yaml.safe_load(application.read_text())["spec"]["destination"]
                # Definitions are in no namespace.
                if destination["namespace"] == namespace and part not in (
                    app,
                    Addon.PROMETHEUS_CRDS,
                ):
                    assert position(deleted, part) < position(deleted, app), part
    assert found == {"eval-platform", "external-secrets", "monitoring"}


def test_a_sync_that_fails_for_ever_does_not_keep_its_application(
    operator: Operator, cluster: Cluster
) -> None:
    stuck = cluster.objects[path(App.WORKER)]
    stuck["operation"] = {"sync": {}, "retry": {"limit": -1}}
    assert operator.teardown("--yes").returncode == 0
    assert path(App.WORKER) not in cluster.objects


def test_a_job_that_a_sync_waited_for_loses_the_finalizer_of_that_sync(
    operator: Operator, cluster: Cluster
) -> None:
    job = cluster.add("batch/v1", "Job", "database-users", namespace="eval-platform")
    cluster.objects[job]["metadata"]["finalizers"] = ["argocd.argoproj.io/hook-finalizer"]
    assert operator.teardown("--yes").returncode == 0
    assert not cluster.objects[job]["metadata"].get("finalizers")
    began = cluster.changes.index(f"delete {path(App.DATABASE_USERS)}")
    assert cluster.changes.index(f"kubectl-patch {job}") > began


def test_each_app_with_a_job_that_a_sync_waits_for_is_known(rendered: Path) -> None:
    hooks = {
        (app, yaml.safe_load(file.read_text())["metadata"]["name"])
        for app in App
        for file in (rendered / "dev" / "k8s" / app).glob("*.yaml")
        if "argocd.argoproj.io/hook:" in file.read_text()
    }
    assert hooks == {(app, app.value) for app in APPS_WITH_A_JOB}


def position(commands: list[str], part: App | Addon) -> int:
    return next(
        i for i, command in enumerate(commands) if NAMES.application(part) in command.split()
    )


def test_previews_are_deleted_with_their_set_before_any_app() -> None:
    names = Names(dataclasses.replace(DEV, previews=PREVIEWS))
    there = {names.application(App.WORKER)}
    steps = list(delete_applications(names, Kubectl("here"), waves=ORDER, there=there))
    commands = [shlex.join(step.command) for step in steps]
    assert f"delete applicationsets.argoproj.io {names.argocd_previews}" in commands[1]
    assert "--cascade=foreground" in commands[1]
    assert names.application(App.WORKER) in commands[2]
