"""Every field that Argo CD ignores, and why; all other fields follow Git."""

from argocd.parts.application import IgnoredField
from environments.names import Addon, App

_WEBHOOK = "aws-load-balancer-webhook"
_CERTIFICATE_MADE_AT_RENDERING = (
    "the chart makes a new certificate each time it is rendered, unless it can read the one in the "
    "cluster, which it cannot in Argo CD; the three objects of the first sync match each other"
)

IGNORED_FIELDS: dict[App | Addon, tuple[IgnoredField, ...]] = {
    App.WORKER: (
        IgnoredField(
            group="apps",
            kind="Deployment",
            name=App.WORKER,
            field=".spec.replicas",
            reason=(
                "the HorizontalPodAutoscaler owns the number of workers; the manifest sets none, and if "
                "one gets in, self-heal must not undo a scaling"
            ),
        ),
    ),
    Addon.LOAD_BALANCER_CONTROLLER: (
        IgnoredField(
            group="",
            kind="Secret",
            name="aws-load-balancer-tls",
            field=".data",
            reason=_CERTIFICATE_MADE_AT_RENDERING,
        ),
        *(
            IgnoredField(
                group="admissionregistration.k8s.io",
                kind=kind,
                name=_WEBHOOK,
                field=".webhooks[].clientConfig.caBundle",
                reason=_CERTIFICATE_MADE_AT_RENDERING,
            )
            for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
        ),
    ),
}
