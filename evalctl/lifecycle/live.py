"""What only AWS and the cluster have, read before a go-live; each answer names its source."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from environments.names import ARGOCD_NAMESPACE, OPERATORS_SECRETS, Names
from evalctl.lifecycle import quotas
from evalctl.lifecycle.identity import Kubectl
from evalctl.processes import Command, CommandFailedError, Json, json_output


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: what it is about, who gave it, whether it is as it must be, and what was found."""

    about: str
    source: str
    holds: bool
    found: str


def from_aws(names: Names) -> Iterator[Answer]:
    """The answers of the environment's account, whose credentials were checked before."""
    yield _answer("the cluster", "AWS EKS", partial(_cluster, names))
    yield _answer("the database", "AWS RDS", partial(_database, names))
    for secret in OPERATORS_SECRETS:
        name = names.secret(secret)
        yield _answer(f"the entry {name}", "AWS Secrets Manager", partial(_entry, names, name))
    yield _answer("the certificate", "AWS ACM", partial(_certificate, names))
    for need in quotas.needs(names.env):
        yield _answer(need.quota.name, "AWS Service Quotas", partial(_quota, names, need))


def from_cluster(kubectl: Kubectl) -> Iterator[Answer]:
    """The answers of the cluster's API: whether each Application is in sync and healthy."""
    source = f"the API of {kubectl.context}"
    command = kubectl.read("--namespace", ARGOCD_NAMESPACE, "get", "applications", "--output=json")
    try:
        items = json_output(command)["items"]
    except (CommandFailedError, KeyError) as error:
        yield Answer(about="Applications", source=source, holds=False, found=_reason(error))
        return
    assert isinstance(items, list)
    if not items:
        yield Answer(about="Applications", source=source, holds=False, found="there are none")
    for item in items:
        status = item.get("status", {})
        sync = status.get("sync", {}).get("status")
        health = status.get("health", {}).get("status")
        yield Answer(
            about=f"Application {item['metadata']['name']}",
            source=source,
            holds=(sync, health) == ("Synced", "Healthy"),
            found=f"{sync}, {health}",
        )


def _answer(about: str, source: str, query: Callable[[], tuple[bool, str]]) -> Answer:
    try:
        holds, found = query()
    except (CommandFailedError, KeyError, IndexError) as error:
        holds, found = False, _reason(error)
    return Answer(about=about, source=source, holds=holds, found=found)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, CommandFailedError) else f"the answer has no {error}"


def _cluster(names: Names) -> tuple[bool, str]:
    cluster = _aws(names, "eks", "describe-cluster", "--name", names.cluster)["cluster"]
    assert isinstance(cluster, dict)
    wanted = names.env.cluster.kubernetes_version
    found = f"Kubernetes {cluster['version']}, {cluster['status']}"
    return (cluster["version"], cluster["status"]) == (wanted, "ACTIVE"), found


def _database(names: Names) -> tuple[bool, str]:
    listed = _aws(
        names, "rds", "describe-db-instances", "--db-instance-identifier", names.aws("postgres")
    )["DBInstances"]
    assert isinstance(listed, list)
    instance, database = listed[0], names.env.database
    days = instance["BackupRetentionPeriod"]
    as_set = (
        days == database.backup_retention_days
        and instance["StorageEncrypted"]
        and instance["DeletionProtection"] == database.deletion_protection
        and instance["MultiAZ"] == database.multi_az
    )
    point = instance.get("LatestRestorableTime", "none yet")
    return bool(as_set), f"backups for {days} days, encrypted, restorable to {point}"


def _entry(names: Names, name: str) -> tuple[bool, str]:
    """Whether people filled it; the value itself is not read."""
    entry = _aws(names, "secretsmanager", "describe-secret", "--secret-id", name)
    stages = entry.get("VersionIdsToStages", {})
    assert isinstance(stages, dict)
    filled = any("AWSCURRENT" in each for each in stages.values())
    return filled, "it has a value" if filled else "it has no value (docs/secrets.md)"


def _certificate(names: Names) -> tuple[bool, str]:
    hostname = names.env.orchestrator.hostname
    listed = _aws(names, "acm", "list-certificates", "--certificate-statuses", "ISSUED")
    certificates = listed["CertificateSummaryList"]
    assert isinstance(certificates, list)
    wildcard = f"*.{hostname.partition('.')[2]}"
    for certificate in certificates:
        domains = {
            certificate["DomainName"],
            *certificate.get("SubjectAlternativeNameSummaries", []),
        }
        if domains & {hostname, wildcard}:
            return True, f"issued for {certificate['DomainName']}"
    return False, f"none is issued for {hostname}"


def _quota(names: Names, need: quotas.Need) -> tuple[bool, str]:
    has = quotas.in_account(names, need.quota)
    return need.amount <= has, f"{has:,.0f}, and {need.amount:,} are needed"


def _aws(names: Names, *arguments: str) -> Json:
    command: Command = ("aws", *arguments, "--region", names.env.account.region, "--output", "json")
    return json_output(command)
