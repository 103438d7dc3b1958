"""The External Secrets Operator's SecretStore and ExternalSecret as objects of an app's chart."""

import constructs

from bindings import external_secrets
from bindings.custom_resource import CustomResource
from bindings.external_secrets import API_VERSION, Field
from environments.names import Secret
from k8s.parts.base import AppChart


class SecretStore(CustomResource):
    """AWS Secrets Manager, read with the operator's own identity (EKS Pod Identity)."""

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
    """A Kubernetes Secret, named after the entry, that the operator makes and refreshes."""

    def __init__(
        self,
        chart: AppChart,
        secret: Secret,
        *,
        fields: tuple[Field, ...] = (),
        all_fields_of: str | None = None,
        template: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            chart,
            secret,
            api_version=API_VERSION,
            kind="ExternalSecret",
            name=secret,
            spec=external_secrets.external_secret_spec(
                name=secret,
                labels=chart.names.labels(chart.app),
                fields=fields,
                all_fields_of=all_fields_of,
                template=template,
            ),
        )
