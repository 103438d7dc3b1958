"""The specs of a SecretStore and an ExternalSecret, for every plane that needs one.

The operator's defaults are written out, so that Argo CD finds no difference from the cluster.
"""

from dataclasses import dataclass

API_VERSION = "external-secrets.io/v1"

STORE = "aws-secrets-manager"  # its name in every namespace that has one
STORE_FIRST = {"argocd.argoproj.io/sync-wave": "-1"}  # before what refers to it
REFRESH = "5m0s"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a Secrets Manager secret, under the key that templates use for it."""

    key: str
    secret: str
    field: str | None  # of the secret's JSON; None is the whole of a secret that is plain text

    def reference(self) -> dict[str, object]:
        remote = {"key": self.secret}
        if self.field is not None:
            remote["property"] = self.field
        return {"secretKey": self.key, "remoteRef": remote}


def fields_of(entry: str, *names: str) -> tuple[Field, ...]:
    """Fields of one entry's JSON, each under its own name."""
    return tuple(Field(key=name, secret=entry, field=name) for name in names)


def secret_store_spec(*, region: str) -> dict[str, object]:
    """AWS Secrets Manager, read with the operator's own identity (EKS Pod Identity)."""
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

    If one of `fields` is missing, nothing is written. `all_fields_of` takes all fields of a secret,
    so that a missing field does not affect the others. `template` is the Secret's keys as Go
    templates over the fields; without it the Secret has the fields unchanged.
    """
    spec: dict[str, object] = {
        "refreshInterval": REFRESH,
        "secretStoreRef": {"kind": "SecretStore", "name": STORE},
        "target": {
            "name": name,
            "creationPolicy": "Owner",
            # If a secret is deleted by mistake, the running platform keeps its copy.
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
        # Without labels here, the operator copies the ExternalSecret's metadata, including the
        # annotation by which Argo CD tracks what it manages.
        "metadata": {"labels": labels},
    }
    if data is not None:
        template["data"] = data
    return template
