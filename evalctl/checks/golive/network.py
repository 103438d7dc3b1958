"""Checks of the network: what can be reached, and whether connections are encrypted."""

import json
from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import name_of, namespace_of, objects, pods, selects
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, resources, target

_ALB = "alb.ingress.kubernetes.io"
_ANYWHERE = ("0.0.0.0/0", "::/0")


@check(
    title="Stores, nodes and the Kubernetes API are private, and AWS is called inside the VPC",
    rests_on="the cluster's endpoints, addresses of subnets and stores, public access of buckets, the load balancer's networks, VPC endpoints",
)
def private_endpoints(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for cluster in resources(env, "aws_eks_cluster"):
        public, private = (
            cluster.body.at("vpc_config", f"endpoint_{kind}_access")
            for kind in ("public", "private")
        )
        yield require(public, not public.flag(), "the internet reaches the Kubernetes API")
        yield require(private, private.flag(), "nodes leave the VPC for the Kubernetes API")
    for instance in resources(env, "aws_db_instance"):
        node = instance["publicly_accessible"]
        yield require(node, not node.flag(), "the database has a public address")
    for subnet in resources(env, "aws_subnet"):
        node = subnet["map_public_ip_on_launch"]
        yield require(node, not node.flag(), "machines get public addresses")
    for rule in resources(env, "aws_vpc_security_group_ingress_rule"):
        for node in (rule["cidr_ipv4"], rule["cidr_ipv6"]):
            yield require(node, node.value not in _ANYWHERE, "everybody may connect")
    blocks = list(resources(env, "aws_s3_bucket_public_access_block"))
    blocked = {found.address for each in blocks if (found := target(env, each, "bucket"))}
    for bucket in resources(env, "aws_s3_bucket"):
        yield require(
            bucket["bucket"],
            bucket.address in blocked,
            "nothing blocks public access to the bucket",
        )
    for block in blocks:
        for field in (
            *("block_public_acls", "block_public_policy"),
            *("ignore_public_acls", "restrict_public_buckets"),
        ):
            yield require(block[field], block[field].flag(), "the bucket could become public")
    for ingress in objects(env, "Ingress"):
        node = ingress.at("metadata", "annotations", f"{_ALB}/inbound-cidrs")
        cidrs = node.text_or(_ANYWHERE[0]).split(",")
        yield require(node, not set(cidrs) & set(_ANYWHERE), "everybody reaches the load balancer")
    endpoints = list(resources(env, "aws_vpc_endpoint"))
    kinds = {endpoint["service_name"].text().rpartition(".")[2]: endpoint for endpoint in endpoints}
    for service in ("s3", "secretsmanager", "sts"):
        found = kinds.get(service)
        yield require(
            found["service_name"] if found else env.place("terraform/network/cdk.tf.json"),
            found is not None,
            f"calls of {service} leave the VPC",
        )


@check(
    title="Connections are encrypted, and their certificates are verified",
    rests_on="the load balancer's listeners, RDS' and the queue's settings, bucket policies, addresses in ExternalSecrets, scraped targets",
)
def tls(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for ingress in objects(env, "Ingress"):
        annotations = ingress.at("metadata", "annotations")
        redirect, policy = annotations[f"{_ALB}/ssl-redirect"], annotations[f"{_ALB}/ssl-policy"]
        yield require(redirect, redirect.value == "443", "HTTP is not redirected to HTTPS")
        yield require(policy, "TLS13" in policy.text_or(""), "old versions of TLS are accepted")
    for group in resources(env, "aws_db_parameter_group"):
        values = {each["name"].key: each["value"] for each in group["parameter"].items()}
        forced = values.get("rds.force_ssl", group["parameter"])
        yield require(forced, forced.value == "1", "rds.force_ssl must be 1")
    for group in resources(env, "aws_elasticache_replication_group"):
        node = group["transit_encryption_enabled"]
        yield require(node, node.flag(), "jobs travel unencrypted")
        node = group["transit_encryption_mode"]
        yield require(node, node.value == "required", "clients may connect without TLS")
    policies = _bucket_policies(subject)
    for bucket in resources(env, "aws_s3_bucket"):
        found = policies.get(bucket.address)
        yield require(
            found["policy"] if found else bucket["bucket"],
            found is not None and _denies_plain_text(found),
            "the bucket's policy does not deny plain HTTP",
        )
    for secret in objects(env, "ExternalSecret"):
        for _, value in secret.at("spec", "target", "template", "data").entries():
            text = value.text()
            if "postgresql://" in text:
                yield require(value, "sslmode=verify-full" in text, "verify the server's name")
            if "redis" in text and "://" in text:
                yield require(value, "rediss://" in text, "connect to the queue with TLS")
            if "<host>" in text:
                strict = "<verificationMode>strict</verificationMode>" in text
                yield require(value, strict, "verify ClickHouse's certificate")
    for target_ in objects(env, "ScrapeConfig"):
        node = target_.at("spec", "scheme")
        yield require(node, node.value == "HTTPS", "metrics travel unencrypted")


def _bucket_policies(subject: Subject) -> dict[str, Resource]:
    found = {}
    for policy in resources(subject.env, "aws_s3_bucket_policy"):
        bucket = target(subject.env, policy, "bucket")
        if bucket is not None:
            found[bucket.address] = policy
    return found


def _denies_plain_text(policy: Resource) -> bool:
    return any(
        statement["Effect"].value == "Deny"
        and statement.at("Condition", "Bool", "aws:SecureTransport").value == "false"
        for statement in policy["policy"].document()["Statement"].items()
    )


@check(
    title="Pods connect only where a policy allows it",
    rests_on="NetworkPolicies: a default deny in each namespace with pods, and one for each pod",
)
def network_policies(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    policies = list(objects(env, "NetworkPolicy"))
    owners = list(pods(env))
    namespaces = {owner.namespace: owner.owner for owner in owners}
    namespaces |= {name_of(each): each for each in objects(env, "Namespace")}
    for namespace, place in sorted(namespaces.items()):
        inside = [each for each in policies if namespace_of(each) == namespace]
        denies = [each for each in inside if _denies_all(each["spec"])]
        yield require(
            denies[0] if denies else place["metadata"],
            bool(denies),
            f"the namespace {namespace} has no policy that denies everything else",
        )
    for owner in owners:
        own = [
            policy
            for policy in policies
            if namespace_of(policy) == owner.namespace
            and policy.at("spec", "podSelector").value
            and selects(policy.at("spec", "podSelector"), owner.labels)
        ]
        yield require(
            own[0].at("spec", "podSelector") if own else owner.template["metadata"],
            bool(own),
            "no policy selects these pods, so they reach nothing",
        )
    for policy in policies:
        for rule in policy.at("spec", "ingress").items():
            # An empty list is everybody, as is a missing one.
            networks = [peer.at("ipBlock", "cidr").value for peer in rule["from"].items()]
            bounded = bool(networks) and not set(_ANYWHERE).intersection(networks)
            yield require(rule, bounded, "everybody may connect")


def _denies_all(spec: Node) -> bool:
    return (
        not spec["podSelector"].value
        and set(spec["policyTypes"].texts()) == {"Ingress", "Egress"}
        and not json.dumps(spec["ingress"].value or []).strip("[]")
        and not json.dumps(spec["egress"].value or []).strip("[]")
    )
