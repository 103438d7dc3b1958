"""Alertmanager's configuration, delivered without a webhook in Git (B13).

One ExternalSecret makes the Secret that Alertmanager reads everything from: its configuration, the
templates of its messages, and the webhooks, which come from Secrets Manager. All webhooks must be
there, or nothing is written: a receiver without an address would lose alerts without a word.
"""

from pathlib import Path

from bindings.external_secrets import API_VERSION, Field, external_secret_spec
from bindings.yaml_text import to_yaml
from dashboards.alerting import routes
from dashboards.manifests import Manifest, labels, manifest
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


def alertmanager_secret(names: Names) -> Manifest:
    """The ExternalSecret; the namespace's SecretStore is the Kubernetes plane's."""
    return manifest(
        api_version=API_VERSION,
        kind="ExternalSecret",
        name=ALERTMANAGER_CONFIG,
        names=names,
        body={
            "spec": external_secret_spec(
                name=ALERTMANAGER_CONFIG,
                labels=labels(names),
                fields=tuple(
                    Field(
                        key=_variable(webhook),
                        secret=names.secret(Secret.SLACK_WEBHOOKS),
                        field=webhook,
                    )
                    for webhook in WEBHOOKS
                ),
                template={
                    # Alertmanager reads this one address from no file before version 0.26, which
                    # is newer than what the tests run.
                    CONFIGURATION: configuration(heartbeat_url=_value(routes.HEARTBEAT)),
                    TEMPLATES: _as_it_is(templates()),
                    **{webhook: _value(webhook) for webhook in routes.SLACK_RECEIVERS},
                },
            )
        },
    )


def _variable(webhook: str) -> str:
    """The operator's templates know no names with a dash."""
    return webhook.replace("-", "_")


def _value(webhook: str) -> str:
    return f"{{{{ .{_variable(webhook)} }}}}"


def _as_it_is(text: str) -> str:
    """A template that the operator leaves to Alertmanager: one raw string of Go, braces and all."""
    if "`" in text:
        raise ValueError("A raw string of Go cannot hold a backquote; write it otherwise.")
    return f"{{{{ `{text}` }}}}"
