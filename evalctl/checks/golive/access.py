"""Checks of who may do what, and of what is secret."""

from collections.abc import Iterator

from environments.names import DeliveryRole
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import objects
from evalctl.parsed.terraform import resources

_SECRET_FIELDS = ("password", "secret_string", "auth_token", "master_password")


@check(
    title="Roles are bounded, trusted only by who needs them, and machines hand out no credentials",
    rests_on="boundaries and trust policies of roles, IMDSv2 of machines, the cluster's authentication",
)
def least_privilege(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for role in resources(env, "aws_iam_role"):
        boundary = role["permissions_boundary"]
        if role.id not in [f"{each}-role" for each in DeliveryRole]:
            yield require(boundary, boundary.present, f"{role.address} has no boundary")
        for statement in role["assume_role_policy"].document()["Statement"].items():
            principal = statement["Principal"]
            anybody = principal.value == "*" or "*" in principal["AWS"].texts()
            yield require(principal, not anybody, "everybody may assume the role")
            # EC2 assumes a role for a machine, and no condition can name the machine.
            if "ec2.amazonaws.com" not in principal["Service"].texts():
                condition = statement["Condition"]
                yield require(condition, condition.present, "the trust has no condition")
    for machine in resources(env, "aws_instance", "aws_launch_template"):
        there = machine["metadata_options"]
        yield require(
            there, bool(there.blocks()), "require IMDSv2; AWS' default depends on the image"
        )
        for options in there.blocks():
            yield require(
                options["http_tokens"], options["http_tokens"].value == "required", "require IMDSv2"
            )
            hops = options["http_put_response_hop_limit"]
            yield require(hops, hops.number_or(2) <= 1, "pods reach the machine's credentials")
    for cluster in resources(env, "aws_eks_cluster"):
        node = cluster.body.at("access_config", "bootstrap_cluster_creator_admin_permissions")
        yield require(node, node.value is False, "whoever creates the cluster administers it")
    for account in objects(env, "ServiceAccount"):
        node = account["automountServiceAccountToken"]
        yield require(node, node.value is False, "pods get a token of the Kubernetes API")


@check(
    title="No password is in a state, and none is in the settings that are rendered",
    rests_on="arguments of Terraform's resources that would store a secret; each entry's KMS key",
)
def secret_hygiene(subject: Subject) -> Iterator[Finding]:
    for resource in resources(subject.env):
        for name, value in resource.body.entries():
            if name in _SECRET_FIELDS:
                yield Finding(value, f"{resource.address} stores this in the state; use {name}_wo")
            elif name.endswith("_wo"):
                literal = value.text_or("")
                secret = "password" not in literal or "${ephemeral." in literal
                yield require(value, secret, "this is a password in the repository")
