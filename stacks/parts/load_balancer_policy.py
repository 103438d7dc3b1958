"""What the AWS Load Balancer Controller may do: change what it made, and look at the rest."""

from environments.names import Names
from stacks.parts.iam import Conditions, Statement

_CLUSTER_TAG = "elbv2.k8s.aws/cluster"  # the controller puts it on everything that it makes


def load_balancer_controller(
    names: Names, *, vpc_id: str, node_security_group_id: str
) -> tuple[Statement, ...]:
    """The permissions that its chart 3.x documents, with these differences.

    Where the project asks that *some* cluster's tag be there, ours must be this cluster's. It opens
    the nodes' security group and no other that it did not make. It only looks at Shield and at WAF
    Classic (it fails when it may not), and reads no Cognito client, whose answer holds a password.
    """
    return (
        _service_linked_role(names),
        _looking(),
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


def _looking() -> Statement:
    """AWS knows no narrower resource than "*" for most of these."""
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
            conditions=_becomes_ours(names),
        ),
        Statement(
            actions=("ec2:CreateTags",),
            resources=(any_group,),
            conditions=_tagged_when_made(names, "ec2", "CreateSecurityGroup"),
        ),
        Statement(
            actions=("ec2:CreateTags", "ec2:DeleteTags"),
            resources=(any_group,),
            conditions=_stays_ours(names),
        ),
        Statement(
            actions=(*change_rules, "ec2:DeleteSecurityGroup"),
            resources=(any_group,),
            conditions=_is_ours(names),
        ),
        # EKS made this one, so it has no tag of the controller.
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
            conditions=_becomes_ours(names),
        ),
        Statement(
            actions=("elasticloadbalancing:AddTags",),
            resources=both,
            conditions=_tagged_when_made(
                names, "elasticloadbalancing", "CreateLoadBalancer", "CreateTargetGroup"
            ),
        ),
        Statement(
            actions=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
            resources=both,
            conditions=_stays_ours(names),
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
            conditions=_is_ours(names),
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
            conditions=_is_ours(names),
        ),
    )


def _listeners(names: Names) -> tuple[Statement, ...]:
    """Held to account and region only: the controller does not always tag listeners and rules."""
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


def _is_ours(names: Names) -> Conditions:
    return {"StringEquals": {f"aws:ResourceTag/{_CLUSTER_TAG}": names.cluster}}


def _becomes_ours(names: Names) -> Conditions:
    return {"StringEquals": {f"aws:RequestTag/{_CLUSTER_TAG}": names.cluster}}


def _tagged_when_made(names: Names, service: str, *calls: str) -> Conditions:
    """Tags put on by the call that makes the resource, this cluster's among them."""
    return {
        "StringEquals": {
            f"{service}:CreateAction": list(calls),
            f"aws:RequestTag/{_CLUSTER_TAG}": names.cluster,
        }
    }


def _stays_ours(names: Names) -> Conditions:
    """Other tags of ours may change; the cluster's may not."""
    return _is_ours(names) | {"Null": {f"aws:RequestTag/{_CLUSTER_TAG}": "true"}}


def _elastic(names: Names, *resources: str) -> tuple[str, ...]:
    return tuple(_arn(names, "elasticloadbalancing", resource) for resource in resources)


def _arn(names: Names, service: str, resource: str) -> str:
    account = names.env.account
    return f"arn:aws:{service}:{account.region}:{account.id}:{resource}"
