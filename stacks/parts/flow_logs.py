"""A VPC's flow logs in CloudWatch: which connections were accepted, and which rejected."""

import constructs

from environments.names import Names
from stacks import aws
from stacks.parts.iam import Statement, service_role, trust
from stacks.parts.kms import encryption_key


def flow_logs(scope: constructs.Construct, *, names: Names, vpc_id: str) -> None:
    """A log group with a key of its own, and the role that writes to it."""
    key = encryption_key(scope, "flow-log-key", names=names, purpose="flow-logs", for_logs=True)
    group = aws.CloudwatchLogGroup(
        scope,
        "flow-log-group",
        name=f"/{names.prefix}/vpc-flow-logs",
        retention_in_days=names.env.network.flow_log_retention_days,
        kms_key_id=key.arn,
    )
    role = service_role(
        scope,
        "flow-log-role",
        names=names,
        name=names.aws("flow-logs"),
        trust_policy=trust(
            "vpc-flow-logs.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": names.env.account.id}},
        ),
        statements=(
            Statement(
                actions=(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogStreams",
                ),
                resources=(f"{group.arn}:*",),
            ),
        ),
    )
    aws.FlowLog(
        scope,
        "flow-log",
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={"Name": names.prefix},
        depends_on=list(role.permissions),
    )
