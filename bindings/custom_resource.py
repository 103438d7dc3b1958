"""Kubernetes custom resources as cdk8s objects, without generated bindings."""

import cdk8s
import constructs


class CustomResource(cdk8s.ApiObject):
    """An object of a kind that cdk8s has no class for; subclasses give `spec` types and names."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        finalizers: list[str] | None = None,
        spec: dict[str, object],
    ) -> None:
        super().__init__(
            scope,
            id_,
            api_version=api_version,
            kind=kind,
            metadata=cdk8s.ApiObjectMetadata(
                name=name,
                namespace=namespace,
                labels=labels,
                annotations=annotations,
                finalizers=finalizers,
            ),
        )
        # cdk8s takes other fields than the metadata as untyped extras, which its Python binding
        # cannot pass.
        self.add_json_patch(cdk8s.JsonPatch.add("/spec", spec))
