"""What a SecretStore and an ExternalSecret say, for every plane that needs one.

What the operator would default is written out, so that Argo CD finds in the cluster what Git says.
"""

from dataclasses import dataclass

API_VERSION = "external-secrets.io/v1"

STORE = "aws-secrets-manager"  # its name in every namespace that has one
STORE_FIRST = {"argocd.argoproj.io/sync-wave": "-1"}  # before what refers to it
REFRESH = "5m0s"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A part of a Secrets Manager entry, under the key that templates know it by."""

    key: str
    secret: str
    field: str | None  # of the entry's JSON; None is all of an entry that is plain text

    def reference(self) -> dict[str, object]:
        remote = {"key": self.secret}
        if self.field is not None:
            remote["property"] = self.field
        return {"secretKey": self.key, "remoteRef": remote}


def secret_store_spec(*, region: str) -> dict[str, object]:
    """AWS Secrets Manager as seen by the operator's own identity (EKS Pod Identity)."""
    return {"provider": {"aws": {"service": "SecretsManager", "region": region}}}


def external_secret_spec(
    *,
    name: str,
    labels: dict[str, str],
    fields: tuple[Field, ...] = (),
    all_fields_of: str | None = None,
    template: dict[str, str] | None = None,
) -> dict[str, object]:
    """A Kubernetes Secret of this name, made and refreshed from Secrets Manager.

    `fields` must all exist, or nothing is written. `all_fields_of` takes whatever an entry holds,
    so that a missing one stops no other. `template` is the Secret's keys as Go templates over the
    fields; without it the Secret has the fields as they are.
    """
    spec: dict[str, object] = {
        "refreshInterval": REFRESH,
        "secretStoreRef": {"kind": "SecretStore", "name": STORE},
        "target": {
            "name": name,
            "creationPolicy": "Owner",
            # An entry deleted by mistake does not take the running platform's keys along.
            "deletionPolicy": "Retain",
            "template": _template(labels, template),
        },
    }
    if fields:
        spec["data"] = [field.reference() for field in fields]
    if all_fields_of is not None:
        spec["dataFrom"] = [{"extract": {"key": all_fields_of}}]
    return spec


def _template(labels: dict[str, str], data: dict[str, str] | None) -> dict[str, object]:
    template: dict[str, object] = {
        "engineVersion": "v2",
        "mergePolicy": "Replace",
        # Said here, because the operator otherwise copies the ExternalSecret's annotations, and
        # with them Argo CD's mark of what it manages.
        "metadata": {"labels": labels},
    }
    if data is not None:
        template["data"] = data
    return template
