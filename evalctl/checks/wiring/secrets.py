"""Secrets: the entry in Secrets Manager, the ExternalSecret that reads it, and the pods that use its keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from environments.names import OPERATORS_SECRETS, OPERATORS_SECRETS_READER
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import called, chart_values, name_of, namespace_of, objects, pods
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, references, resources

_FIELD = re.compile(r'"(\w+)": ')


@check(
    title="Each ExternalSecret reads an entry that something fills, and fields that Terraform writes",
    rests_on="aws_secretsmanager_secret, its versions, and roles that write it; remoteRef of the ExternalSecrets; their SecretStores",
)
def secret_entries(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    entries = {each["name"].text(): each for each in resources(env, "aws_secretsmanager_secret")}
    written: dict[str, Node] = {}
    for version in resources(env, "aws_secretsmanager_secret_version"):
        for reference in references(env, version.stack, version["secret_id"].text()):
            if reference.resource is not None and version["secret_string_wo"].present:
                written[reference.resource["name"].text()] = version["secret_string_wo"]
    for secret in objects(env, "ExternalSecret"):
        store = secret.at("spec", "secretStoreRef", "name")
        found = called(env, "SecretStore", store.text(), namespace=namespace_of(secret))
        yield require(store, found is not None, "no SecretStore of this name is in the namespace")
        for datum in secret.at("spec", "data").items():
            key, field = datum.at("remoteRef", "key"), datum.at("remoteRef", "property")
            entry = entries.get(key.text())
            if entry is None:
                yield Finding(key, "no stack makes this entry")
                continue
            text = written.get(key.text())
            filled = text is not None or entry.id in OPERATORS_SECRETS  # by people
            yield require(
                key,
                filled or _programs_write(subject, entry),
                "nothing writes this entry",
                other=entry["name"],
            )
            if field.present and text is not None:
                fields = _FIELD.findall(text.text())
                yield require(
                    field, field.text() in fields, "Terraform writes no such field", other=text
                )


def _programs_write(subject: Subject, entry: Resource) -> bool:
    """Whether a role may write the entry, as a ClickHouse node does with its authority."""
    return any(
        statement["Effect"].value == "Allow"
        and "secretsmanager:PutSecretValue" in statement["Action"].texts()
        and _names(subject, policy, statement["Resource"], entry)
        for policy in resources(subject.env, "aws_iam_role_policy")
        for statement in policy["policy"].document()["Statement"].items()
    )


@dataclass(frozen=True)
class _Use:
    """A place that needs a Secret, and the keys that it reads."""

    node: Node
    namespace: str
    secret: str
    keys: tuple[Node, ...] = ()


@check(
    title="Each Secret that pods use is made, with the keys that they read; none is made for nobody",
    rests_on="secrets in the pods' variables and volumes, and in the charts' values; targets of the ExternalSecrets",
)
def secret_keys(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    made = {
        (namespace_of(each), each.at("spec", "target", "name").text_or(name_of(each))): each
        for each in objects(env, "ExternalSecret")
    }
    uses = list(_uses(subject))
    for use in uses:
        secret = made.get((use.namespace, use.secret))
        if secret is None:
            yield Finding(use.node, f"nothing makes the Secret {use.secret} in {use.namespace}")
            continue
        yield Finding(use.node, None, secret.at("spec", "target", "name"))
        keys = _keys(secret)
        for key in use.keys:
            known = keys is None or key.text() in keys
            yield require(
                key, known, "the Secret has no such key", other=secret.at("spec", "target", "name")
            )
    used = {(use.namespace, use.secret) for use in uses}
    for place, secret in made.items():
        yield require(
            secret.at("spec", "target", "name"), place in used, "nothing uses this Secret"
        )


def _keys(secret: Node) -> set[str] | None:
    """The Secret's keys; None for an entry that is taken whole."""
    if secret.at("spec", "dataFrom").present:
        return None
    template = secret.at("spec", "target", "template", "data")
    if template.present:
        return {key for key, _ in template.entries()}
    return {each["secretKey"].text() for each in secret.at("spec", "data").items()}


def _uses(subject: Subject) -> Iterator[_Use]:
    for owner in pods(subject.env):
        for container in owner.containers():
            for variable in container["env"].items():
                reference = variable.at("valueFrom", "secretKeyRef")
                if reference.present:
                    name = reference["name"]
                    yield _Use(name, owner.namespace, name.text(), (reference["key"],))
        for volume in owner.spec["volumes"].items():
            name = volume.at("secret", "secretName")
            if name.present:
                keys = tuple(item["key"] for item in volume.at("secret", "items").items())
                yield _Use(name, owner.namespace, name.text(), (*keys, *_files(owner.spec, volume)))
    for scraped in objects(subject.env, "ScrapeConfig"):
        reference = scraped.at("spec", "tlsConfig", "ca", "secret")
        if reference.present:
            name = reference["name"]
            yield _Use(name, namespace_of(scraped), name.text(), (reference["key"],))
    for application, values in chart_values(subject.env):
        namespace = application.at("spec", "destination", "namespace").text()
        for node in values.walk():
            match node.path[-1:]:
                case ("existingSecret",):
                    around = values.at(*node.path[len(values.path) : -1])
                    keys = tuple(
                        around[key] for key in ("userKey", "passwordKey") if around[key].present
                    )
                    yield _Use(node, namespace, node.text(), keys)
                case ("configSecret",) | ("secretName",):
                    yield _Use(node, namespace, node.text())
                case ("redisAddressConfig",):
                    source = node["source"]
                    yield _Use(source["name"], namespace, source["name"].text(), (source["key"],))


def _files(spec: Node, volume: Node) -> Iterator[Node]:
    """Values of variables, as nodes of their last part, that name a file of the volume."""
    for container in spec["containers"].items():
        for mount in container["volumeMounts"].items():
            if mount["name"].value == volume["name"].value:
                folder = f"{mount['mountPath'].text()}/"
                for argument in (
                    *container["args"].items(),
                    *[e["value"] for e in container["env"].items()],
                ):
                    if argument.present and folder in argument.text():
                        file = argument.text().partition(folder)[2]
                        yield Node(argument.source, argument.path, file)


@check(
    title="The entries that people fill are read by one ExternalSecret, and by no role but the operator's",
    rests_on="llm-keys and slack-webhooks in the stack secrets; the ExternalSecrets; statements that read values of entries",
    brief="B5",
)
def operators_secrets(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    read = {
        datum.at("remoteRef", "key").text(): datum.at("remoteRef", "key")
        for secret in objects(env, "ExternalSecret")
        for datum in [*secret.at("spec", "data").items(), *_extracts(secret)]
    }
    entries = [
        each for each in resources(env, "aws_secretsmanager_secret") if each.id in OPERATORS_SECRETS
    ]
    for entry in entries:
        reader = read.get(entry["name"].text())
        yield require(entry["name"], reader is not None, "no ExternalSecret reads it", other=reader)
    for policy in resources(env, "aws_iam_role_policy"):
        if policy.id == f"{OPERATORS_SECRETS_READER}-role-policy":
            continue
        for statement in policy["policy"].document()["Statement"].items():
            if statement["Effect"].value == "Allow" and _reads_values(statement["Action"].texts()):
                for entry in entries:
                    yield require(
                        statement["Resource"],
                        not _names(subject, policy, statement["Resource"], entry),
                        f"{policy.address} may read what only the operator may",
                        other=entry["name"],
                    )


def _reads_values(actions: list[str]) -> bool:
    return any(fnmatchcase("secretsmanager:GetSecretValue", action) for action in actions)


def _names(subject: Subject, policy: Resource, where: Node, entry: Resource) -> bool:
    """Whether the statement's resources have this entry by itself; a Deny limits those with a pattern."""
    for text in where.texts():
        found = references(subject.env, policy.stack, text)
        if any(
            each.resource is not None and each.resource.address == entry.address for each in found
        ):
            return True
        if text.removesuffix("-??????").endswith(f":{entry['name'].text()}"):
            return True
    return False


def _extracts(secret: Node) -> Iterator[Node]:
    for source in secret.at("spec", "dataFrom").items():
        yield Node(source.source, source.path, {"remoteRef": source["extract"].value})
