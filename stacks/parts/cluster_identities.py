"""The AWS roles of service accounts: one role each, made with the cluster."""

from collections.abc import Sequence

import constructs

from environments.names import (
    CLOUDWATCH_EXPORTER,
    CLUSTER_AUTOSCALER,
    EXTERNAL_SECRETS,
    LOAD_BALANCER_CONTROLLER,
    OPERATORS_SECRETS_READER,
    ORCHESTRATOR,
    WORKER,
    Names,
)
from stacks import aws
from stacks.parts import controller_policies, workload_policies
from stacks.parts.load_balancer_policy import load_balancer_controller
from stacks.parts.pod_identity import pod_identity


def controller_identities(
    scope: constructs.Construct,
    *,
    names: Names,
    cluster: aws.EksCluster,
    vpc_id: str,
    node_security_group_id: str,
    secret_arns: Sequence[str],
    secrets_key_arn: str,
) -> None:
    """Roles of the controllers that Argo CD installs later."""
    pod_identity(
        scope,
        OPERATORS_SECRETS_READER,
        names=names,
        cluster=cluster,
        service_account=EXTERNAL_SECRETS,
        statements=controller_policies.external_secrets(
            names, secret_arns=tuple(secret_arns), key_arn=secrets_key_arn
        ),
    )
    pod_identity(
        scope,
        "load-balancer-controller",
        names=names,
        cluster=cluster,
        service_account=LOAD_BALANCER_CONTROLLER,
        statements=load_balancer_controller(
            names, vpc_id=vpc_id, node_security_group_id=node_security_group_id
        ),
    )
    pod_identity(
        scope,
        "cluster-autoscaler",
        names=names,
        cluster=cluster,
        service_account=CLUSTER_AUTOSCALER,
        statements=controller_policies.cluster_autoscaler(names),
    )
    pod_identity(
        scope,
        "cloudwatch-exporter",
        names=names,
        cluster=cluster,
        service_account=CLOUDWATCH_EXPORTER,
        statements=controller_policies.cloudwatch_exporter(),
    )


def workload_identities(
    scope: constructs.Construct, *, names: Names, cluster: aws.EksCluster, storage_key_arn: str
) -> None:
    """Roles of the platform's own pods."""
    pod_identity(
        scope,
        "orchestrator",
        names=names,
        cluster=cluster,
        service_account=ORCHESTRATOR,
        statements=workload_policies.orchestrator(names, storage_key_arn=storage_key_arn),
    )
    pod_identity(
        scope,
        "worker",
        names=names,
        cluster=cluster,
        service_account=WORKER,
        statements=workload_policies.worker(names, storage_key_arn=storage_key_arn),
    )
