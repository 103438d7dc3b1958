"""One AWS role for one Kubernetes service account, associated on the AWS side."""

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

    A pod gets its credentials when it is created, so resources that create pods with this service
    account must depend on the association. The association depends on the role's policies, so these pods
    have the rights from the first minute until they are deleted.
    """
    role = service_role(
        scope,
        f"{id_}-role",
        names=names,
        name=names.aws(id_),
        trust_policy=_trust_policy(names, service_account),
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
        depends_on=list(role.permissions),
    )


def _trust_policy(names: Names, service_account: ServiceAccount) -> str:
    """Trust for the pods of exactly this account, cluster and service account.

    The association is not enough: anyone who may create associations could give the role to another
    service account. EKS tags the session with the service account that requests the role.
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
