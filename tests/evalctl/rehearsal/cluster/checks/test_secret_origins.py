"""What a check makes of ExternalSecrets, of the Secrets behind them, and of the pods that read them."""

import json
from collections.abc import Mapping

import pytest
import yaml
from lightkube.generic_resource import GenericNamespacedResource
from lightkube.resources.core_v1 import Secret

from environments.names import Names
from environments.spec import Environment
from evalctl.rehearsal.cluster import secrets as values
from evalctl.rehearsal.cluster.checks.secret_origins import (
    Comparison,
    compared,
    judged,
    without_origin,
)
from evalctl.rehearsal.cluster.checks.secrets import ExternalSecret
from evalctl.rehearsal.cluster.state import Snapshot
from tests.evalctl.rehearsal.cluster.objects import of, pod
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.paths import ROOT

ENTRY = json.dumps({"username": "ann", "password": "it's <a&b> 50%"})


def external(
    template: Mapping[str, str] | None = None, *, names: tuple[str, str] = ("username", "password")
) -> GenericNamespacedResource:
    properties = ("username", "password")
    document: dict[str, object] = {
        "metadata": {"name": "login", "namespace": "apps"},
        "spec": {
            "target": {"template": {"data": dict(template)}} if template else {},
            "data": [
                {"secretKey": name, "remoteRef": {"key": "dev/login", "property": key}}
                for name, key in zip(names, properties, strict=True)
            ],
        },
    }
    found: GenericNamespacedResource = ExternalSecret.from_dict(document)
    return found


def problems(
    found: Mapping[str, str], made_by: GenericNamespacedResource | None = None
) -> tuple[str, ...]:
    return compared(made_by or external(), found, lambda _: ENTRY).problems


def test_values_under_their_own_keys_are_compared_and_right() -> None:
    found = compared(external(), json.loads(ENTRY), lambda _: ENTRY)
    assert (found.values, found.problems) == (2, ())


def test_swapped_values_are_named() -> None:
    assert problems({"username": "it's <a&b> 50%", "password": "ann"}) == (
        "Secret apps/login: the key password is not what Secrets Manager has",
        "Secret apps/login: the key username is not what Secrets Manager has",
    )


def test_a_key_that_only_contains_the_value_is_named() -> None:
    assert problems({"username": "ann", "password": "it's <a&b> 50%!"}) == (
        "Secret apps/login: the key password is not what Secrets Manager has",
    )


def test_a_lost_key_and_one_from_elsewhere_are_named() -> None:
    assert problems({"username": "ann", "token": "1"}) == (
        "Secret apps/login has no key password",
        "Secret apps/login: the key token is not from Secrets Manager",
    )


def test_a_name_that_is_the_one_of_another_property_is_named() -> None:
    swapped = external(names=("password", "username"))
    assert problems({"password": "ann", "username": "it's <a&b> 50%"}, swapped) == (
        "Secret apps/login: password is the property username of dev/login",
        "Secret apps/login: username is the property password of dev/login",
    )


def test_a_name_may_have_a_prefix() -> None:
    prefixed = external(names=("app_username", "app_password"))
    assert problems({"app_username": "ann", "app_password": "it's <a&b> 50%"}, prefixed) == ()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .username }}:{{ .password | urlquery }}", "ann:it%27s+%3Ca%26b%3E+50%25"),
        ("{{ .username }} {{ .password | html }}", "ann it&#39;s &lt;a&amp;b&gt; 50%"),
        ("{{ .username }} '{{ .password | replace \"'\" \"''\" }}'", "ann 'it''s <a&b> 50%'"),
        ("{{ .username }}{{ .password }}{{ `{{ .Alerts }}` }}", "annit's <a&b> 50%{{ .Alerts }}"),
    ],
)
def test_a_template_is_followed(template: str, text: str) -> None:
    made_by = external({"all": template})
    assert problems({"all": text}, made_by) == ()
    assert problems({"all": text.replace("ann", "bob")}, made_by) == (
        "Secret apps/login: the key all is not what Secrets Manager has",
    )


def test_values_in_each_others_templated_key_are_named() -> None:
    made_by = external({"user": "{{ .username }}", "pass": "{{ .password }}"})
    found = problems({"user": "it's <a&b> 50%", "pass": "ann"}, made_by)
    assert [line.rpartition("the key ")[2].split()[0] for line in found] == ["pass", "user"]


def test_a_value_that_no_template_takes_is_named() -> None:
    made_by = external({"user": "{{ .username }}", "pass": "changeme"})
    assert problems({"user": "ann", "pass": "changeme"}, made_by) == (
        "Secret apps/login: no key has the value of dev/login:password",
    )


@pytest.mark.parametrize("action", [".token", "username", ".username | b64enc"])
def test_a_template_that_cannot_be_followed_is_named(action: str) -> None:
    (problem,) = problems({"all": "ann"}, external({"all": f"{{{{ {action} }}}}"}))
    assert problem.startswith("Secret apps/login: ")
    assert "template" in problem


@EACH_ENVIRONMENT
def test_every_rendered_external_secret_can_be_followed(env: Environment) -> None:
    entries = values.entries(Names(env), ROOT / "rendered")
    manifests = sorted((ROOT / "rendered" / env.name).rglob("ExternalSecret-*.yaml"))
    assert manifests
    for manifest in manifests:
        item = ExternalSecret.from_dict(yaml.safe_load(manifest.read_text(encoding="utf-8")))
        found = compared(item, {}, lambda entry: json.dumps(dict.fromkeys(entries[entry], "value")))
        assert found.values
        assert all(" has no key " in problem for problem in found.problems), found.problems


def test_the_problems_of_all_secrets_are_in_the_result() -> None:
    found = judged([Comparison(values=2, problems=("one",))], ["two"])
    assert (found.passed, found.evidence) == (False, "two\none")
    found = judged([Comparison(values=2, problems=()), Comparison(values=3, problems=())], [])
    assert (found.passed, found.evidence) == (True, "5 values compared")


def test_nothing_compared_is_a_failure() -> None:
    found = judged([Comparison(values=0, problems=())], [])
    assert (found.passed, found.evidence) == (False, "no value was compared")


# What pods read

_READS = {
    "env": "containers: [{name: a, env: [{name: A, valueFrom: {secretKeyRef: {name: one, key: k}}}]}]",
    "envFrom": "containers: [{name: a, envFrom: [{secretRef: {name: one}}]}]",
    "an init container": """
        initContainers: [{name: i, env: [{name: A, valueFrom: {secretKeyRef: {name: one, key: k}}}]}]
        containers: [{name: a}]""",
    "a volume": """
        containers: [{name: a}]
        volumes: [{name: v, secret: {secretName: one}}]""",
    "an item of a volume": """
        containers: [{name: a}]
        volumes: [{name: v, secret: {secretName: one, items: [{key: k, path: p}]}}]""",
    "a projected volume": """
        containers: [{name: a}]
        volumes: [{name: v, projected: {sources: [{secret: {name: one}}]}}]""",
}


def owned(*owner: str, namespace: str = "apps", name: str = "one", type_: str = "Opaque") -> Secret:
    owners = [dict(zip(("apiVersion", "kind"), owner, strict=True))] if owner else []
    document = {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "ownerReferences": [{**each, "name": "x", "uid": "x"} for each in owners],
        },
        "type": type_,
        "data": {"k": ""},
    }
    return of(Secret, document)


def origins(spec: str, *secrets: Secret) -> list[str]:
    return list(without_origin(Snapshot(pods=(pod(spec),), secrets=secrets)))


@pytest.mark.parametrize("reads", _READS.values(), ids=_READS)
def test_a_secret_that_no_external_secret_makes_is_named(reads: str) -> None:
    assert origins(reads, owned()) == [
        "Pod apps/one reads Secret apps/one, which no ExternalSecret makes"
    ]
    assert origins(reads, owned("external-secrets.io/v1", "ExternalSecret")) == []


@pytest.mark.parametrize("reads", _READS.values(), ids=_READS)
def test_a_missing_secret_is_named(reads: str) -> None:
    assert origins(reads) == ["Pod apps/one reads Secret apps/one, which is missing"]


@pytest.mark.parametrize("reads", ["env", "an init container", "an item of a volume"])
def test_a_missing_key_is_named(reads: str) -> None:
    made = owned("external-secrets.io/v1", "ExternalSecret")
    assert origins(_READS[reads].replace("key: k", "key: other"), made) == [
        "Pod apps/one reads Secret apps/one, which has no key other"
    ]


def test_an_optional_secret_may_be_missing_but_not_from_elsewhere() -> None:
    reads = "containers: [{name: a, envFrom: [{secretRef: {name: one, optional: true}}]}]"
    assert origins(reads) == []
    assert origins(reads, owned()) != []


@pytest.mark.parametrize(
    "secret",
    [
        owned("monitoring.coreos.com/v1", "Prometheus"),
        owned("monitoring.coreos.com/v1", "Alertmanager"),
        owned(type_="kubernetes.io/service-account-token"),
    ],
)
def test_what_a_controller_makes_for_its_own_pods_has_an_origin(secret: Secret) -> None:
    assert origins(_READS["a volume"], secret) == []


@pytest.mark.parametrize(
    "owner", [("apps/v1", "Deployment"), ("elsewhere.io/v1", "ExternalSecret")]
)
def test_another_owner_is_no_origin(owner: tuple[str, str]) -> None:
    assert origins(_READS["a volume"], owned(*owner)) != []
