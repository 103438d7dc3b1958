"""The fields that Argo CD ignores are listed in one place, with the reason."""

import pytest

from argocd.ignored_fields import IGNORED_FIELDS
from environments.names import Names
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])


def test_every_ignored_field_has_a_reason() -> None:
    for fields in IGNORED_FIELDS.values():
        for field in fields:
            assert len(field.reason.split()) > 5, field


def test_every_ignored_field_is_one_field_of_one_object() -> None:
    for fields in IGNORED_FIELDS.values():
        for field in fields:
            assert field.field.startswith(".")
            assert field.field not in (".", ".spec", ".metadata")
            assert "*" not in field.name


@ENVIRONMENTS
def test_applications_ignore_exactly_the_listed_fields_and_keep_them_when_they_sync(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    expected = {
        names[name].application(part): [field.to_spec() for field in fields]
        for part, fields in IGNORED_FIELDS.items()
    }
    for application in all_of(argocd[name], "Application"):
        spec = application["spec"]
        listed = expected.get(application["metadata"]["name"], [])
        assert spec.get("ignoreDifferences", []) == listed
        assert "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]


@ENVIRONMENTS
def test_the_load_balancer_controllers_certificate_stays_as_first_synced(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    """Its three parts must be left alone together, or the webhooks and their callers disagree."""
    addon = next(a for a in IGNORED_FIELDS if a == "aws-load-balancer-controller")
    application = one(argocd[name], "Application", names[name].application(addon))
    assert {entry["kind"] for entry in application["spec"]["ignoreDifferences"]} == {
        "MutatingWebhookConfiguration",
        "Secret",
        "ValidatingWebhookConfiguration",
    }
