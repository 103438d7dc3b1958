"""Gives one Kubernetes service account one AWS role of its own, bound on the AWS side."""

import constructs

from environments.names import Names, ServiceAccount
from stacks import aws
from stacks.parts.iam import Statement, service_role, trust


def pod_identity(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    cluster: aws.EksCluster,
    service_account: ServiceAccount,
    statements: tuple[Statement, ...] = (),
    managed_policies: tuple[str, ...] = (),
) -> aws.EksPodIdentityAssociation:
    """The role named after `id_`, and the association that lets the service account's pods use it.

    Pods find their credentials when they are created: what runs pods with this service account must
    wait for the association.
    """
    role = service_role(
        scope,
        f"{id_}-role",
        names=names,
        name=names.aws(id_),
        trust_policy=_trust_of(names, service_account),
        statements=statements,
        managed_policies=managed_policies,
    )
    return aws.EksPodIdentityAssociation(
        scope,
        f"{id_}-identity",
        cluster_name=cluster.name,
        namespace=service_account.namespace,
        service_account=service_account.name,
        role_arn=role.arn,
    )


def _trust_of(names: Names, service_account: ServiceAccount) -> str:
    """Trust for exactly this account's, cluster's and service account's pods.

    The association alone does not hold: anyone who may create associations could hand the role to
    another service account, and the tags that EKS puts on the session say which one asks.
    """
    return trust(
        "pods.eks.amazonaws.com",
        actions=("sts:AssumeRole", "sts:TagSession"),
        conditions={
            "StringEquals": {
                "aws:SourceAccount": names.env.account.id,
                "aws:RequestTag/eks-cluster-arn": names.cluster_arn,
                "aws:RequestTag/kubernetes-namespace": service_account.namespace,
                "aws:RequestTag/kubernetes-service-account": service_account.name,
            }
        },
    )
