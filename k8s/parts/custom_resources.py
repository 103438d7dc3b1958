"""The External Secrets Operator's kinds as cdk8s objects; what they say is the same in every plane."""

import constructs

from bindings import external_secrets
from bindings.custom_resource import CustomResource
from bindings.external_secrets import API_VERSION, Field


class SecretStore(CustomResource):
    """AWS Secrets Manager as seen by the operator's own identity (EKS Pod Identity)."""

    def __init__(self, scope: constructs.Construct, id_: str, *, region: str) -> None:
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="SecretStore",
            name=external_secrets.STORE,
            annotations=external_secrets.STORE_FIRST,
            spec=external_secrets.secret_store_spec(region=region),
        )


class ExternalSecret(CustomResource):
    """A Kubernetes Secret of the same name, made and refreshed from Secrets Manager."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        labels: dict[str, str],
        fields: tuple[Field, ...] = (),
        all_fields_of: str | None = None,
        template: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="ExternalSecret",
            name=name,
            spec=external_secrets.external_secret_spec(
                name=name,
                labels=labels,
                fields=fields,
                all_fields_of=all_fields_of,
                template=template,
            ),
        )
