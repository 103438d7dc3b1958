"""The External Secrets Operator's kinds that this plane uses, and only the fields it sets.

What the operator would default is written out, so that Argo CD finds in the cluster what Git says.
"""

from dataclasses import dataclass

import constructs

from bindings.custom_resource import CustomResource

API_VERSION = "external-secrets.io/v1"


class SecretStore(CustomResource):
    """AWS Secrets Manager as seen by the operator's own identity (EKS Pod Identity)."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        region: str,
        annotations: dict[str, str],
    ) -> None:
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="SecretStore",
            name=name,
            annotations=annotations,
            spec={"provider": {"aws": {"service": "SecretsManager", "region": region}}},
        )


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


class ExternalSecret(CustomResource):
    """A Kubernetes Secret of the same name, made and refreshed from Secrets Manager.

    `fields` must all exist, or nothing is written. `all_fields_of` takes whatever an entry holds,
    so that a missing one stops no other.
    """

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        store: str,
        refresh: str,
        labels: dict[str, str],
        fields: tuple[Field, ...] = (),
        all_fields_of: str | None = None,
        template: dict[str, str] | None = None,
    ) -> None:
        spec: dict[str, object] = {
            "refreshInterval": refresh,
            "secretStoreRef": {"kind": "SecretStore", "name": store},
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
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="ExternalSecret",
            name=name,
            spec=spec,
        )


def _template(labels: dict[str, str], data: dict[str, str] | None) -> dict[str, object]:
    """Keys of the Secret as Go templates over the fields; without data, the fields as they are."""
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
