"""The Secrets Manager secrets, created empty; `docs/secrets.md` describes how each gets its value."""

import constructs

from environments.names import Secret, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.kms import SECRETS_KEY_PURPOSE, encryption_key

_DESCRIPTIONS = {
    Secret.LLM_KEYS: "API keys of the LLM providers, put in by an operator",
    Secret.API_TOKEN: "What the API's users send to be let in",
    Secret.POSTGRES_ADMIN: "PostgreSQL administrator",
    Secret.POSTGRES: "PostgreSQL application user and where to connect",
    Secret.REDIS_USER: "Job queue user, for ElastiCache and for pods",
    Secret.REDIS_METRICS_USER: "Job queue user that may only count, for ElastiCache and redis_exporter",
    Secret.REDIS: "Where to connect to the job queue",
    Secret.CLICKHOUSE: "ClickHouse application user and where to connect",
    Secret.CLICKHOUSE_SCHEMA: "ClickHouse user that makes and changes tables",
    Secret.CLICKHOUSE_READER: "ClickHouse user of the dashboards, read-only",
    Secret.CLICKHOUSE_ADMIN: "ClickHouse administrator",
    Secret.CLICKHOUSE_INTERSERVER: "What ClickHouse replicas show each other",
    Secret.CLICKHOUSE_CA: "Certificate of the private authority that ClickHouse clients trust",
    Secret.CLICKHOUSE_CA_KEY: "Key of that authority",
    Secret.GRAFANA_ADMIN: "Grafana administrator",
    Secret.SLACK_WEBHOOKS: "Where alerts are sent, put in by an operator",
}


class SecretsStack(EnvironmentStack):
    """Every secret, and the key that encrypts them. No value passes through this stack."""

    key_arn: str
    secret_arns: dict[Secret, str]

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.SECRETS, env=env)
        key = encryption_key(self, "key", names=self.names, purpose=SECRETS_KEY_PURPOSE)
        entries = {secret: self._entry(secret, key) for secret in Secret}

        self.key_arn = key.arn
        self.secret_arns = {secret: entry.arn for secret, entry in entries.items()}

    def _entry(self, secret: Secret, key: aws.KmsKey) -> aws.SecretsmanagerSecret:
        return aws.SecretsmanagerSecret(
            self,
            secret,
            name=self.names.secret(secret),
            description=_DESCRIPTIONS[secret],
            kms_key_id=key.arn,
            recovery_window_in_days=self.env.secret_recovery_days,
        )
