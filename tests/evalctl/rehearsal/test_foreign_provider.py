"""A state that names a foreign provider: whoever may write a state must not choose what others run.

`terraform init` installs the providers that the code names and those that the state names.
"""

import json
import os
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import (
    CLI_CONFIGURATION,
    LOCK_FILE,
    PROVIDER_LOCK,
    TERRAFORM_FILE,
    Bucket,
    Names,
    Stack,
)
from evalctl.rehearsal.emulated_environment import emulated_environment
from evalctl.rehearsal.terraform import TerraformError
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stack
from evalctl.servers import http_server
from stacks.base import PROVIDER_VERSION
from tests.evalctl.rehearsal.accounts import opened, print_progress, require_terraform
from tests.support import tools
from tests.support.paths import ROOT

pytestmark = pytest.mark.rehearsal

FOREIGN = "evil/evil"
PLANTED = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 1,
    "lineage": "00000000-0000-0000-0000-000000000001",
    "outputs": {},
    "resources": [
        {
            "mode": "managed",
            "type": "evil_thing",
            "name": "planted",
            "provider": f'provider["registry.terraform.io/{FOREIGN}"]',
            "instances": [{"schema_version": 0, "attributes": {"id": "1"}}],
        }
    ],
    "check_results": None,
}


@dataclass(frozen=True)
class Registry:
    """A provider registry on loopback that offers the foreign provider, and logs the requests."""

    address: str
    requested: list[str] = field(default_factory=list)

    def configuration(self, folder: Path, committed: str) -> Path:
        """A CLI configuration that looks for registry.terraform.io here."""
        services = f'{{ "providers.v1" = "http://{self.address}/" }}'
        file = folder / "terraform.tfrc"
        file.write_text(
            f'{committed}\nhost "registry.terraform.io" {{\n  services = {services}\n}}\n'
        )
        return file


@pytest.fixture
def registry() -> Iterator[Registry]:
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(urllib.parse.unquote(self.path))
            offered = {"versions": [{"version": "1.0.0", "protocols": ["5.0"], "platforms": []}]}
            found = self.path == f"/{FOREIGN}/versions"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(offered if found else {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http_server(Handler) as address:
        yield Registry(address, requested)


def planted(rendered: Path, folder: Path) -> WorkingDirectory:
    """The network's stack with a local state, in which somebody planted the provider."""
    directory = copy_stack(rendered / DEV.name, Stack.NETWORK, folder)
    override = directory.folder / "backend_override.tf.json"
    override.write_text('{"terraform": {"backend": {"local": {}}}}')
    (directory.folder / "terraform.tfstate").write_text(json.dumps(PLANTED))
    return directory


def init(
    directory: WorkingDirectory, configuration: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    terraform = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return subprocess.run(
        [terraform, "init", "-no-color", "-input=false"],
        cwd=directory.folder,
        env={
            **inherited,
            **variables,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "CHECKPOINT_DISABLE": "1",
            # Terraform's own folder for providers of a person is in the home.
            "HOME": str(directory.folder),
        },
        capture_output=True,
        text=True,
        timeout=tools.HANGS_SECONDS,
        check=False,
    )


def test_with_the_committed_configuration_no_registry_gets_a_request_for_a_foreign_provider(
    rendered: Path, tmp_path: Path, registry: Registry
) -> None:
    directory = planted(rendered, tmp_path)
    committed = (ROOT / CLI_CONFIGURATION).read_text()
    refused = init(directory, registry.configuration(tmp_path, committed))
    assert refused.returncode == 1
    assert f"registry.terraform.io/{FOREIGN} was not found in any of the search" in refused.stderr
    # Requests for the AWS provider, which this registry does not have, and no others.
    assert registry.requested
    assert not [path for path in registry.requested if not path.startswith("/hashicorp/aws/")]


def test_without_the_configuration_terraform_begins_to_download_it(
    rendered: Path, tmp_path: Path, registry: Registry
) -> None:
    """The reason for the configuration; the lock file alone does not stop it."""
    directory = planted(rendered, tmp_path)
    init(directory, registry.configuration(tmp_path, ""), TF_CLI_ARGS_init="-lockfile=readonly")
    assert f"/{FOREIGN}/versions" in registry.requested
    assert [path for path in registry.requested if path.startswith(f"/{FOREIGN}/1.0.0/download/")]


def test_a_provider_in_the_persons_home_is_not_installed_either(
    rendered: Path, tmp_path: Path, registry: Registry
) -> None:
    directory = planted(rendered, tmp_path)
    in_home = ".terraform.d/plugins/registry.terraform.io/evil/evil/1.0.0/linux_amd64"
    program = directory.folder / in_home / "terraform-provider-evil_v1.0.0"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    committed = (ROOT / CLI_CONFIGURATION).read_text()
    refused = init(directory, registry.configuration(tmp_path, committed))
    assert f"registry.terraform.io/{FOREIGN} was not found in any of the search" in refused.stderr
    assert not list(directory.folder.glob(".terraform/providers/**/evil"))


def test_a_rehearsed_init_refuses_a_state_in_the_bucket_that_names_another_provider(
    rendered: Path,
) -> None:
    """The state in S3 as an administrator's terraform reads it, with the rehearsals' own settings."""
    require_terraform()
    bucket, key = Names(DEV).bucket(Bucket.STATE), Names(DEV).state_key(Stack.NETWORK)
    with opened(emulated_environment(DEV, rendered=rendered, progress=print_progress)) as (
        emulated,
        loop,
    ):
        network = emulated.directories[Stack.NETWORK]
        network.override(emulated.aws, local_state=False)
        s3 = emulated.aws.client("s3")
        region = {"LocationConstraint": DEV.account.region}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=region)
        before = (network.folder / LOCK_FILE).read_bytes()
        loop(emulated.terraform.init(network))
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(PLANTED).encode())
        with pytest.raises(TerraformError, match=rf"registry\.terraform\.io/{FOREIGN}"):
            loop(emulated.terraform.init(network))
        assert (network.folder / LOCK_FILE).read_bytes() == before


def test_the_committed_lock_file_has_the_hash_of_the_real_provider(
    rendered: Path, tmp_path: Path
) -> None:
    terraform = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    mirror = tools.folder("TF_PROVIDER_MIRROR", holding=f"hashicorp/aws {PROVIDER_VERSION}")
    shutil.copy(ROOT / Names(DEV).stack_folder(Stack.NETWORK) / TERRAFORM_FILE, tmp_path)
    lock = [terraform, "providers", "lock", f"-fs-mirror={mirror}", "-platform=linux_amd64"]
    subprocess.run(lock, cwd=tmp_path, check=True, capture_output=True, timeout=tools.HANGS_SECONDS)
    computed = hashes((tmp_path / LOCK_FILE).read_text())
    assert len(computed) >= 1
    assert computed <= hashes((ROOT / PROVIDER_LOCK).read_text())


def hashes(lock: str) -> set[str]:
    return {line.strip(' ",') for line in lock.splitlines() if line.startswith('    "')}
