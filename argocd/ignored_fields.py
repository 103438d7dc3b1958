"""Every field that Argo CD leaves alone, and why: what is not here, Git decides."""

from argocd.resources import IgnoredField
from environments.names import Addon, App

_WEBHOOK = "aws-load-balancer-webhook"
_CERTIFICATE_MADE_AT_RENDERING = (
    "the chart draws a new certificate whenever it is rendered, and keeps the one in the cluster only "
    "when it can look there, which it cannot in Argo CD; the three objects fit together as first synced"
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
