"""Alertmanager's configuration, delivered without a webhook in Git (B13).

One ExternalSecret makes the Secret from which Alertmanager reads its configuration, the templates of
its messages, and the webhooks, which come from Secrets Manager. The Secret is written only if all
webhooks are there: a receiver without an address would lose alerts silently.
"""

from pathlib import Path

import constructs

from bindings.custom_resource import CustomResource
from bindings.external_secrets import API_VERSION, Field, external_secret_spec
from bindings.yaml_text import to_yaml
from dashboards.alerting import routes
from environments.names import ALERTMANAGER_CONFIG, Names, Secret

CONFIGURATION = "alertmanager.yaml"  # the keys of the Secret, which become files
TEMPLATES = "slack.tmpl"

WEBHOOKS = (*routes.SLACK_RECEIVERS, routes.HEARTBEAT)  # the keys of the Secrets Manager entry


def configuration(*, heartbeat_url: str) -> str:
    return to_yaml(
        {
            "route": routes.route(),
            "inhibit_rules": routes.inhibit_rules(),
            "receivers": routes.receivers(heartbeat_url),
            "templates": [f"{routes.FOLDER}/{TEMPLATES}"],
        }
    )


def templates() -> str:
    return Path(__file__).with_name(TEMPLATES).read_text(encoding="utf-8")


def alertmanager_secret(
    scope: constructs.Construct, *, names: Names, labels: dict[str, str]
) -> CustomResource:
    """The ExternalSecret; the namespace's SecretStore is the Kubernetes plane's."""
    return CustomResource(
        scope,
        "alertmanager",
        api_version=API_VERSION,
        kind="ExternalSecret",
        name=ALERTMANAGER_CONFIG,
        spec=external_secret_spec(
            name=ALERTMANAGER_CONFIG,
            labels=labels,
            fields=tuple(
                Field(
                    key=_variable(webhook),
                    secret=names.secret(Secret.SLACK_WEBHOOKS),
                    field=webhook,
                )
                for webhook in WEBHOOKS
            ),
            template={
                # Alertmanager cannot read this address from a file before version 0.26, which is
                # newer than what the tests run.
                CONFIGURATION: configuration(heartbeat_url=_value(routes.HEARTBEAT)),
                TEMPLATES: _raw(templates()),
                **{webhook: _value(webhook) for webhook in routes.SLACK_RECEIVERS},
            },
        ),
    )


def _variable(webhook: str) -> str:
    """The field's name in the operator's templates, where a dash is not allowed."""
    return webhook.replace("-", "_")


def _value(webhook: str) -> str:
    return f"{{{{ .{_variable(webhook)} }}}}"


def _raw(text: str) -> str:
    """A template for Alertmanager, as one raw string of Go, which the operator copies unchanged."""
    if "`" in text:
        raise ValueError(f"a raw string of Go cannot hold a backquote; remove it from {TEMPLATES}")
    return f"{{{{ `{text}` }}}}"
