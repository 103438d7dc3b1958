"""What the AWS Load Balancer Controller may do: change what it made, and read the rest."""

from environments.names import Names
from stacks.parts.iam import Conditions, Statement

_CLUSTER_TAG = "elbv2.k8s.aws/cluster"  # on every resource that the controller makes


def load_balancer_controller(
    names: Names, *, vpc_id: str, node_security_group_id: str
) -> tuple[Statement, ...]:
    """The permissions that chart 3.x documents, with these differences.

    The project requires the tag of *any* cluster; here the tag must name this cluster. The controller
    changes the rules of the nodes' security group and of the groups that it made. It may only read
    Shield and WAF Classic, and fails without that. It may not read Cognito clients, because the
    response contains a password.
    """
    return (
        _service_linked_role(names),
        _reading(),
        *_security_groups(names, vpc_id, node_security_group_id),
        *_load_balancers(names),
        *_listeners(names),
        _web_acls(names),
    )


def _service_linked_role(names: Names) -> Statement:
    service = "elasticloadbalancing.amazonaws.com"
    return Statement(
        actions=("iam:CreateServiceLinkedRole",),
        resources=(
            names.role_arn(f"aws-service-role/{service}/AWSServiceRoleForElasticLoadBalancing"),
        ),
        conditions={"StringEquals": {"iam:AWSServiceName": service}},
    )


def _reading() -> Statement:
    """Most of these actions have no resource except "*"."""
    return Statement(
        actions=(
            "acm:DescribeCertificate",
            "acm:ListCertificates",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeCoipPools",
            "ec2:DescribeInstances",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeIpamPools",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVpcPeeringConnections",
            "ec2:DescribeVpcs",
            "ec2:GetCoipPoolUsage",
            "ec2:GetSecurityGroupsForVpc",
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListenerCertificates",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeSSLPolicies",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:DescribeTrustStores",
            "iam:GetServerCertificate",
            "iam:ListServerCertificates",
            "shield:DescribeProtection",
            "shield:GetSubscriptionState",
            "waf-regional:GetWebACL",
            "waf-regional:GetWebACLForResource",
            "wafv2:GetWebACL",
            "wafv2:GetWebACLForResource",
            "wafv2:ListWebACLs",
        ),
    )


def _security_groups(
    names: Names, vpc_id: str, node_security_group_id: str
) -> tuple[Statement, ...]:
    any_group = _arn(names, "ec2", "security-group/*")
    change_rules = ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress")
    return (
        Statement(
            actions=("ec2:CreateSecurityGroup",),
            resources=(_arn(names, "ec2", f"vpc/{vpc_id}"),),
        ),
        Statement(
            actions=("ec2:CreateSecurityGroup",),
            resources=(any_group,),
            conditions=_requests_cluster_tag(names),
        ),
        Statement(
            actions=("ec2:CreateTags",),
            resources=(any_group,),
            conditions=_tagged_at_creation(names, "ec2", "CreateSecurityGroup"),
        ),
        Statement(
            actions=("ec2:CreateTags", "ec2:DeleteTags"),
            resources=(any_group,),
            conditions=_keeps_cluster_tag(names),
        ),
        Statement(
            actions=(*change_rules, "ec2:DeleteSecurityGroup"),
            resources=(any_group,),
            conditions=_has_cluster_tag(names),
        ),
        # EKS made this group, so it has no tag of the controller.
        Statement(
            actions=change_rules,
            resources=(_arn(names, "ec2", f"security-group/{node_security_group_id}"),),
        ),
    )


def _load_balancers(names: Names) -> tuple[Statement, ...]:
    load_balancers = _elastic(names, "loadbalancer/app/*/*", "loadbalancer/net/*/*")
    target_groups = _elastic(names, "targetgroup/*/*")
    both = load_balancers + target_groups
    return (
        Statement(
            actions=(
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
            ),
            resources=both,
            conditions=_requests_cluster_tag(names),
        ),
        Statement(
            actions=("elasticloadbalancing:AddTags",),
            resources=both,
            conditions=_tagged_at_creation(
                names, "elasticloadbalancing", "CreateLoadBalancer", "CreateTargetGroup"
            ),
        ),
        Statement(
            actions=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
            resources=both,
            conditions=_keeps_cluster_tag(names),
        ),
        Statement(
            actions=(
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:ModifyCapacityReservation",
                "elasticloadbalancing:ModifyIpPools",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
                "elasticloadbalancing:SetWebAcl",
            ),
            resources=load_balancers,
            conditions=_has_cluster_tag(names),
        ),
        Statement(
            actions=(
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
            ),
            resources=target_groups,
            conditions=_has_cluster_tag(names),
        ),
    )


def _listeners(names: Names) -> tuple[Statement, ...]:
    """Limited to account and region only: the controller does not always tag listeners and rules."""
    listeners = _elastic(names, "listener/app/*/*/*", "listener/net/*/*/*")
    rules = _elastic(names, "listener-rule/app/*/*/*/*", "listener-rule/net/*/*/*/*")
    return (
        Statement(
            actions=(
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:RemoveListenerCertificates",
            ),
            resources=listeners,
        ),
        Statement(
            actions=(
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:SetRulePriorities",
            ),
            resources=rules,
        ),
        Statement(
            actions=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
            resources=listeners + rules,
        ),
    )


def _web_acls(names: Names) -> Statement:
    return Statement(
        actions=("wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"),
        resources=(
            _arn(names, "wafv2", "regional/webacl/*/*"),
            *_elastic(names, "loadbalancer/app/*/*"),
        ),
    )


def _has_cluster_tag(names: Names) -> Conditions:
    return {"StringEquals": {f"aws:ResourceTag/{_CLUSTER_TAG}": names.cluster}}


def _requests_cluster_tag(names: Names) -> Conditions:
    return {"StringEquals": {f"aws:RequestTag/{_CLUSTER_TAG}": names.cluster}}


def _tagged_at_creation(names: Names, service: str, *calls: str) -> Conditions:
    """Tags, including this cluster's, that the call sets when it makes the resource."""
    return {
        "StringEquals": {
            f"{service}:CreateAction": list(calls),
            f"aws:RequestTag/{_CLUSTER_TAG}": names.cluster,
        }
    }


def _keeps_cluster_tag(names: Names) -> Conditions:
    """Other tags may change; the cluster's may not."""
    return _has_cluster_tag(names) | {"Null": {f"aws:RequestTag/{_CLUSTER_TAG}": "true"}}


def _elastic(names: Names, *resources: str) -> tuple[str, ...]:
    return tuple(_arn(names, "elasticloadbalancing", resource) for resource in resources)


def _arn(names: Names, service: str, resource: str) -> str:
    account = names.env.account
    return f"arn:aws:{service}:{account.region}:{account.id}:{resource}"
