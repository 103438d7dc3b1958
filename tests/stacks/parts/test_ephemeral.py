"""Generated passwords are in Secrets Manager and at the store, and in no file that Terraform writes."""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Stack
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.ephemeral import new_password, store_connection, store_new_secret
from tests.stacks.parts.fake_secrets_manager import FakeSecretsManager, fake_secrets_manager
from tests.support import tools
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks

SECRETS = f"arn:aws:secretsmanager:{DEV.account.region}:{DEV.account.id}:secret"
USER, STORE, CONNECTION = (f"{SECRETS}:{name}" for name in ("user", "store", "connection"))


def uses_of_ephemeral_values(value: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of arguments whose value refers to an ephemeral value."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from uses_of_ephemeral_values(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from uses_of_ephemeral_values(item, path)
    elif isinstance(value, str) and "ephemeral." in value:
        yield path[-1]


@EACH_NAME
def test_generated_passwords_are_only_in_write_only_arguments(terraform: Stacks, name: str) -> None:
    used = {
        argument
        for stack in terraform[name].values()
        for argument in uses_of_ephemeral_values(stack.json)
    }
    assert used == {"secret_string_wo", "password_wo"}


@EACH_NAME
def test_generated_passwords_are_long_and_need_no_escaping(terraform: Stacks, name: str) -> None:
    drawn = [
        password
        for stack in terraform[name].values()
        for password in stack.json.get("ephemeral", {})
        .get("aws_secretsmanager_random_password", {})
        .values()
    ]
    assert drawn
    for password in drawn:
        assert password["password_length"] >= 32
        assert password["exclude_punctuation"] is True


@EACH_NAME
def test_no_plan_has_to_read_a_stored_value(terraform: Stacks, name: str) -> None:
    """The role that plans pull requests may not read secrets, and a plan opens all ephemeral resources."""
    for stack in terraform[name].values():
        assert stack.json.get("ephemeral", {}).keys() <= {"aws_secretsmanager_random_password"}
        assert "aws_secretsmanager_secret_version" not in stack.json.get("data", {})


@EACH_NAME
def test_each_secret_is_written_in_one_place_only(terraform: Stacks, name: str) -> None:
    written = [
        version["secret_id"]
        for stack in terraform[name].values()
        for version in stack.resources("aws_secretsmanager_secret_version").values()
    ]
    assert len(set(written)) == len(written) > 0


class Account:
    """A folder in which a real Terraform applies one stack to a Secrets Manager on this machine."""

    def __init__(self, folder: Path, service: FakeSecretsManager) -> None:
        self.folder = folder
        self.service = service
        self._terraform = tools.program("terraform", get_it="install Terraform 1.11 or newer")
        mirror = tools.folder("TF_PROVIDER_MIRROR", holding="a mirror of hashicorp/aws")
        self.write(rotation=1, host="first.example")
        local = {
            "provider": {
                "aws": [
                    {
                        "access_key": "test",
                        "secret_key": "test",
                        "skip_credentials_validation": True,
                        "skip_metadata_api_check": True,
                        "endpoints": [{"secretsmanager": service.url, "sts": service.url}],
                    }
                ]
            },
            "terraform": {"backend": {"local": {}}},
        }
        (folder / "local_override.tf.json").write_text(json.dumps(local))
        self.run("init", "-input=false", f"-plugin-dir={mirror}")

    def write(self, *, rotation: int, host: str) -> None:
        import cdktf  # here, because `stacks` must set the Node before cdktf starts it

        app = cdktf.App(outdir=str(self.folder / "out"))
        stack = EnvironmentStack(app, Stack.QUEUE, env=DEV)
        store_new_secret(
            stack, "user", secret_arn=USER, fields={"username": "eval-app"}, rotation=rotation
        )
        # Takes the place of the store, which gets the same password.
        aws.SecretsmanagerSecretVersion(
            stack,
            "store",
            secret_id=STORE,
            secret_string_wo=json.dumps({"password": new_password(stack, "user")}),
            secret_string_wo_version=rotation,
        )
        store_connection(stack, "connection", secret_arn=CONNECTION, fields={"host": host})
        app.synth()
        synthesized = self.folder / "out" / "stacks" / "dev-queue" / "cdk.tf.json"
        synthesized.rename(self.folder / "cdk.tf.json")

    def run(self, *arguments: str) -> str:
        quiet = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
        result = subprocess.run(
            [self._terraform, *arguments],
            cwd=self.folder,
            env=quiet | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            timeout=tools.HANGS_SECONDS,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def files_of_terraform(self) -> str:
        """The text of the state, its backup, and the parts of the plan file."""
        with zipfile.ZipFile(self.folder / "plan") as plan:
            texts = [plan.read(part).decode(errors="replace") for part in plan.namelist()]
        return "".join([*texts, *(state.read_text() for state in self.folder.glob("*.tfstate*"))])


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with fake_secrets_manager() as service:
        yield Account(tmp_path, service)


@pytest.mark.rehearsal
def test_terraform_writes_the_password_to_no_state_and_no_plan_file(account: Account) -> None:
    account.run("plan", "-input=false", "-out=plan")
    account.run("apply", "-input=false", "plan")
    first = account.service.current(USER)["password"]
    assert account.service.current(USER) == {"username": "eval-app", "password": first}
    assert account.service.current(STORE) == {"password": first}
    assert account.service.current(CONNECTION) == {"host": "first.example"}
    assert "first.example" in account.files_of_terraform(), "the checks below read the right files"
    assert len(account.service.passwords) >= 2, "the plan generates one, the apply another"
    for password in account.service.passwords:
        assert password not in account.files_of_terraform()

    account.service.readable = False  # for the role that plans pull requests
    # The exit code 2 would mean changes.
    account.run("plan", "-input=false", "-lock=false", "-refresh=false", "-detailed-exitcode")

    account.service.readable = True
    account.write(rotation=2, host="second.example")
    account.run("apply", "-input=false", "-auto-approve")
    second = account.service.current(USER)["password"]
    assert second != first
    assert account.service.current(STORE) == {"password": second}
    assert account.service.current(CONNECTION) == {"host": "second.example"}
    assert second not in account.files_of_terraform()
