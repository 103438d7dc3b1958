"""The check of what a clone of this template must fill in before it goes live."""

import re
from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import objects, pods
from evalctl.parsed.terraform import resources

_ZEROS = "sha256:" + "0" * 64
# The names and networks that are reserved for documentation: RFC 2606, RFC 6761, RFC 5737.
_RESERVED_NAME = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test)")
_RESERVED_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.")
_SAMPLE_OWNERS = ("example-org", "your-organisation")


@check(
    title="The samples are replaced: account, hostname, repository, networks, mail, digests",
    rests_on="the provider's account, the load balancer's hostname, Argo CD's repository, networks that may connect, the budget's mail, images",
)
def samples_replaced(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for provider in env.file("terraform/state/cdk.tf.json").at("provider", "aws").items():
        for account in provider["allowed_account_ids"].items():
            sample = len(set(account.text())) == 1 or account.text() == "123456789012"
            # Placeholders of `evalctl new-environment` begin with zeros.
            sample = sample or account.text().startswith("0000000")
            yield require(account, not sample, "a sample; write your account's id")
    for ingress in objects(env, "Ingress"):
        for rule in ingress.at("spec", "rules").items():
            host = rule["host"]
            sample = _RESERVED_NAME.fullmatch(host.text()) is not None
            yield require(host, not sample, "a sample; write your hostname")
    for application in objects(env, "Application"):
        node = application.at("spec", "source", "repoURL")
        if application.at("spec", "source", "path").present:
            sample = any(f"/{owner}/" in node.text() for owner in _SAMPLE_OWNERS)
            yield require(node, not sample, "a sample; write your repository's owner")
            break  # all of them have the same
    for cluster in resources(env, "aws_eks_cluster"):
        for node in cluster.body.at("vpc_config", "public_access_cidrs").items():
            sample = node.text().startswith(_RESERVED_NETWORKS)
            yield require(node, not sample, "a sample; write your own network")
    for budget in resources(env, "aws_budgets_budget"):
        for notification in budget["notification"].items():
            for mail in notification["subscriber_email_addresses"].items():
                sample = _RESERVED_NAME.fullmatch(mail.text().rpartition("@")[2]) is not None
                yield require(mail, not sample, "a sample; write your own (ownership.email)")
            break  # the others mail the same
    for owner in pods(env):
        for container in owner.containers():
            image = container["image"]
            yield require(
                image, not image.text().endswith(_ZEROS), "not released yet: docs/releases.md"
            )
