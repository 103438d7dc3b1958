"""Checks of versions: they are supported, and nodes are updated."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from environments.catalog import EKS_VERSIONS
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.terraform import resources

# AWS publishes about one release a week. A quarter leaves time for dev first.
_OLDEST_NODES = timedelta(days=120)


@check(
    title="Kubernetes is a supported minor, and its add-ons belong to it",
    rests_on="the cluster's and the add-ons' versions; environments/catalog.py",
)
def support_windows(subject: Subject) -> Iterator[Finding]:
    for cluster in resources(subject.env, "aws_eks_cluster"):
        minor = cluster["version"]
        version = EKS_VERSIONS.get(minor.text())
        if version is None:
            yield Finding(minor, "environments/catalog.py does not list this minor")
            continue
        until = version.standard_support_until
        yield require(
            minor,
            subject.today < until,
            f"standard support ended on {until}, and EKS upgrades the control plane by itself, at any time",
        )
        kind = cluster.body.at("upgrade_policy", "support_type")
        yield require(kind, kind.value == "STANDARD", "extended support costs extra")
        expected = {
            "vpc-cni": version.vpc_cni,
            "coredns": version.coredns,
            "kube-proxy": version.kube_proxy,
            "aws-ebs-csi-driver": version.ebs_csi_driver,
            "eks-pod-identity-agent": version.pod_identity_agent,
        }
        for addon in resources(subject.env, "aws_eks_addon"):
            node = addon["addon_version"]
            wanted = expected.get(addon["addon_name"].text())
            yield require(
                node, node.value == wanted, f"Kubernetes {minor.value} needs {wanted}", other=minor
            )


@check(
    title="Nodes run a recent image, and are replaced a few at a time",
    rests_on="release_version, ami_type and update_config of the node groups",
)
def node_updates(subject: Subject) -> Iterator[Finding]:
    for group in resources(subject.env, "aws_eks_node_group"):
        release = group["release_version"]
        day = re.fullmatch(r"[\d.]+-(\d{8})", release.text_or(""))
        try:
            made = datetime.strptime(day[1], "%Y%m%d").date() if day else None
        except ValueError:
            made = None  # no day of the calendar
        yield require(
            release,
            made is not None and subject.today - made <= _OLDEST_NODES,
            f"the image must be of the last {_OLDEST_NODES.days} days (docs/upgrades.md)",
        )
        image = group["ami_type"]
        yield require(image, image.text_or("").startswith("AL2023"), "use AL2023")
        update = group["update_config"]
        limited = update["max_unavailable"].present or update["max_unavailable_percentage"].present
        yield require(update, limited, "an update would replace all nodes at once")


@check(
    title="Stores take minor versions and patches by themselves",
    rests_on="auto_minor_version_upgrade and maintenance windows of RDS and ElastiCache",
)
def store_updates(subject: Subject) -> Iterator[Finding]:
    for store in resources(subject.env, "aws_db_instance", "aws_elasticache_replication_group"):
        node = store["auto_minor_version_upgrade"]
        yield require(node, node.flag(), "security fixes wait for a person")
        node = store["maintenance_window"]
        yield require(node, node.present, "AWS chooses when the store restarts")
