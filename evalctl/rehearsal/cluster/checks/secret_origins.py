"""Whether a Secret has what its ExternalSecret makes of Secrets Manager, and each Secret of a pod has such an origin."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from lightkube.generic_resource import GenericNamespacedResource as Found
from lightkube.resources.core_v1 import Secret

from evalctl.rehearsal.cluster.references import of_pod
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import Snapshot, full_name, meta, namespace_of

# Owners that make a Secret for the pods that they make as well.
_OWNERS = {
    ("external-secrets.io", "ExternalSecret"): "from Secrets Manager",
    ("monitoring.coreos.com", "Prometheus"): "prometheus-operator writes its configuration",
    ("monitoring.coreos.com", "Alertmanager"): "prometheus-operator writes its configuration",
}
# Secrets without such an owner, whose values only the named program uses.
_MADE_IN_THE_CLUSTER = {
    "argocd/argocd-redis": "Argo CD makes the password of its own Redis",
    "external-secrets/external-secrets-webhook": "its cert-controller makes the webhook's certificate",
    "kube-system/aws-load-balancer-tls": "its chart makes the webhook's certificate",
}
_SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # the API server makes it

# A text in backticks, or a value with filters: what our templates have.
_ACTION = re.compile(r"\{\{\s*(?:`([^`]*)`|(.*?))\s*\}\}", re.DOTALL)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
# As Go's text/template escapes HTML (HTMLEscapeString).
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})


class UnknownActionError(Exception):
    """A template has an action that this module cannot follow."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of Secrets Manager, and the name that an ExternalSecret gives it."""

    name: str
    source: str  # as in `dev/eval-platform/redis:host`
    text: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a Secret has, against what its ExternalSecret makes of Secrets Manager."""

    values: int
    problems: tuple[str, ...]


def compared(external: Found, found: Mapping[str, str], read: Callable[[str], str]) -> Comparison:
    """Compare each key of the Secret; `read` returns the text of an entry of Secrets Manager."""
    name = f"Secret {full_name(external)}"
    values = {value.name: value for value in _values(external, read)}
    templates = _templates(external)
    problems = list(_misnamed(name, external))
    if templates is None:
        wanted = {value.name: value.text for value in values.values()}
    else:
        try:
            wanted = {key: _filled(text, values) for key, text in templates.items()}
        except UnknownActionError as error:
            return Comparison(values=0, problems=(f"{name}: {error}",))
        named = {each for text in templates.values() for each in _named(text)}
        problems += [
            f"{name}: no key has the value of {value.source}"
            for value in values.values()
            if value.name not in named
        ]
    for key in sorted({*wanted, *found}):
        if key not in found:
            problems.append(f"{name} has no key {key}")
        elif key not in wanted:
            problems.append(f"{name}: the key {key} is not from Secrets Manager")
        elif found[key] != wanted[key]:
            problems.append(f"{name}: the key {key} is not what Secrets Manager has")
    return Comparison(values=len(values), problems=tuple(problems))


def without_origin(snapshot: Snapshot) -> Iterator[str]:
    """Each Secret or key that a pod reads and that is missing, or that came from elsewhere."""
    for pod in snapshot.pods:
        for reference in of_pod(pod):
            if reference.kind != "Secret":
                continue
            name = f"{namespace_of(pod)}/{reference.name}"
            reads = f"Pod {full_name(pod)} reads Secret {name}"
            secret = snapshot.secret_by_name.get(name)
            if secret is None:
                if not reference.optional:
                    yield f"{reads}, which is missing"
                continue
            for key in reference.keys:
                if key not in (secret.data or {}) and not reference.optional:
                    yield f"{reads}, which has no key {key}"
            if not _has_origin(secret):
                yield f"{reads}, which no ExternalSecret makes"


def judged(comparisons: Iterable[Comparison], others: Iterable[str]) -> Result:
    """The result of all comparisons, with what else is wrong. It fails if nothing was compared."""
    problems = [*others]
    values = 0
    for comparison in comparisons:
        values += comparison.values
        problems += comparison.problems
    return result(
        "each key that a pod reads came from Secrets Manager",
        problems if values else [*problems, "no value was compared"],
        f"{values} values compared",
    )


def _has_origin(secret: Secret) -> bool:
    owners = {
        (owner.apiVersion.partition("/")[0], owner.kind)
        for owner in meta(secret).ownerReferences or ()
    }
    return (
        not owners.isdisjoint(_OWNERS)
        or full_name(secret) in _MADE_IN_THE_CLUSTER
        or secret.type == _SERVICE_ACCOUNT_TOKEN
    )


def _values(external: Found, read: Callable[[str], str]) -> Iterator[Value]:
    spec = external["spec"]
    for data in spec.get("data", []):
        entry, key = data["remoteRef"]["key"], data["remoteRef"].get("property")
        text = read(entry)
        yield Value(
            name=data["secretKey"],
            source=entry if key is None else f"{entry}:{key}",
            text=text if key is None else _text(json.loads(text)[key]),
        )
    for source in spec.get("dataFrom", []):
        entry = source["extract"]["key"]
        for key, value in json.loads(read(entry)).items():
            yield Value(name=key, source=f"{entry}:{key}", text=_text(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _misnamed(name: str, external: Found) -> Iterator[str]:
    """Values that do not have their property's name, by which templates and programs take them.

    Where two entries have the same property, the name has a prefix.
    """
    for data in external["spec"].get("data", []):
        key = data["remoteRef"].get("property")
        own = data["secretKey"].replace("-", "_")
        if key is not None and not f"_{own}".endswith("_" + key.replace("-", "_")):
            yield (
                f"{name}: {data['secretKey']} is the property {key} of {data['remoteRef']['key']}"
            )


def _templates(external: Found) -> Mapping[str, str] | None:
    """The text of each key; nothing if each value becomes a key."""
    target = external["spec"].get("target", {})
    templates: Mapping[str, str] | None = target.get("template", {}).get("data") or None
    return templates


def _named(template: str) -> set[str]:
    """The names of values that a template takes."""
    return {
        expression.split("|")[0].strip().removeprefix(".")
        for _, expression in _ACTION.findall(template)
    }


def _filled(template: str, values: Mapping[str, Value]) -> str:
    """What External Secrets makes of a template."""

    def action(found: re.Match[str]) -> str:
        literal, expression = found.groups()
        if literal is not None:
            return str(literal)
        name, *filters = (part.strip() for part in expression.split("|"))
        value = values.get(name.removeprefix("."))
        if value is None or not name.startswith("."):
            raise UnknownActionError(f"its template takes {name}, which is no value of it")
        text = value.text
        for each in filters:
            text = _filtered(text, each)
        return text

    return _ACTION.sub(action, template)


def _filtered(text: str, call: str) -> str:
    name, _, arguments = call.partition(" ")
    match name, [json.loads(argument) for argument in _QUOTED.findall(arguments)]:
        case "urlquery", []:
            return quote_plus(text)
        case "html", []:
            return text.translate(_HTML)
        case "replace", [old, new]:
            return text.replace(old, new)
    raise UnknownActionError(f"this check cannot follow the filter {call} of its template")
