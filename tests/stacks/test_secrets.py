"""Secrets exist, are encrypted with the platform's key, and get no value from this stack."""

import pytest

from environments.names import Names, Secret, Stack
from environments.spec import Environment
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Stacks


def test_the_llm_keys_have_the_name_that_operators_expect(terraform: Stacks) -> None:
    entry = terraform["prod"][Stack.SECRETS].resource("aws_secretsmanager_secret", "llm-keys")
    assert entry["name"] == "prod/eval-platform/llm-keys"


@EACH_ENVIRONMENT
def test_every_secret_exists_and_has_a_description(terraform: Stacks, env: Environment) -> None:
    entries = terraform[env.name][Stack.SECRETS].resources("aws_secretsmanager_secret")
    assert {entry["name"] for entry in entries.values()} == {
        Names(env).secret(secret) for secret in Secret
    }
    assert all(entry["description"] for entry in entries.values())


@EACH_ENVIRONMENT
def test_a_deleted_secret_can_be_restored_and_is_encrypted_with_our_key(
    terraform: Stacks, env: Environment
) -> None:
    for entry in terraform[env.name][Stack.SECRETS].resources("aws_secretsmanager_secret").values():
        assert entry["recovery_window_in_days"] == env.secret_recovery_days >= 7
        assert entry["kms_key_id"] == "${aws_kms_key.key.arn}"


@EACH_NAME
def test_the_secrets_stack_holds_no_value(terraform: Stacks, name: str) -> None:
    assert terraform[name][Stack.SECRETS].resources("aws_secretsmanager_secret_version") == {}


@EACH_NAME
def test_no_stack_writes_a_secret_value_that_stays_in_the_state(
    terraform: Stacks, name: str
) -> None:
    for stack in terraform[name].values():
        for version in stack.resources("aws_secretsmanager_secret_version").values():
            assert "secret_string" not in version
            assert "secret_binary" not in version
            assert "secret_string_wo" in version


@EACH_NAME
@pytest.mark.parametrize("entry", ["llm-keys", "slack-webhooks"])
def test_no_stack_writes_the_operators_secrets(terraform: Stacks, name: str, entry: str) -> None:
    for stack in terraform[name].values():
        for version in stack.resources("aws_secretsmanager_secret_version").values():
            assert entry not in version["secret_id"]


@EACH_NAME
def test_outputs_contain_only_the_arns_of_secrets(terraform: Stacks, name: str) -> None:
    outputs = terraform[name][Stack.SECRETS].json.get("output", {})
    assert all(output["value"].endswith(".arn}") for output in outputs.values())
