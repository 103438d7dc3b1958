"""`terraform validate` of all stacks of several environments in one run: to read a provider takes seconds."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environments.names import LOCK_FILE, TERRAFORM_FILE, Names, Stack
from evalctl import terraform_settings
from evalctl.processes import GO_VARIABLES
from stacks.base import PROVIDER_VERSION
from tests.support import tools

# No registry, no telemetry, no version check, and no configuration of the person's account.
OFFLINE = {
    **GO_VARIABLES,
    **os.environ,
    **terraform_settings.variables(),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # Node, for cdktf
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "CI": "1",
}


def run(folder: Path, *command: str) -> str:
    """The output of a program that succeeds."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=OFFLINE,
        capture_output=True,
        text=True,
        timeout=tools.HANGS_SECONDS,
        check=False,
    )
    assert result.returncode == 0, f"{' '.join(command)}:\n{result.stdout}{result.stderr}"
    return result.stdout


def terraform_accepts(
    environments: Sequence[tuple[Names, Mapping[str, str]]], folder: Path
) -> None:
    """terraform and the real provider find nothing wrong in the stacks, given by path and text.

    What terraform checks of a root module only, such as its backend, is left to the rehearsals.
    """
    terraform = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    tools.folder(
        "TF_PROVIDER_MIRROR", holding=f"a filesystem mirror of hashicorp/aws {PROVIDER_VERSION}"
    )
    for number, (names, stacks) in enumerate(environments):
        _write_modules(stacks, names, folder / f"environment-{number}")
    _write_module(folder, {"module": {each.name: _called(each.name) for each in folder.iterdir()}})
    (lock,) = {stacks[names.stack_lock(stack)] for names, stacks in environments for stack in Stack}
    (folder / LOCK_FILE).write_text(lock)
    run(folder, terraform, "init", "-backend=false", "-input=false")
    verdict = json.loads(run(folder, terraform, "validate", "-json"))
    assert verdict["diagnostics"] == []
    assert verdict["valid"]


def _write_modules(stacks: Mapping[str, str], names: Names, folder: Path) -> None:
    """A module for the environment, with one for each stack in it.

    Terraform starts one provider for each configuration of it, so the stacks inherit that of the first one: the
    others differ in one tag.
    """
    modules = {stack: json.loads(stacks[names.stack_file(stack)]) for stack in Stack}
    providers = [_without_provider(module) for module in modules.values()]
    assert all(_without_component(one) == _without_component(providers[0]) for one in providers)
    for stack, module in modules.items():
        del module["terraform"]["backend"]  # a module has none
        _write_module(folder / stack, module)
    called = {stack: _called(stack) for stack in Stack}
    # Without its source here, Terraform takes the provider of this folder for another one.
    required = modules[Stack.NETWORK]["terraform"]["required_providers"]
    _write_module(
        folder,
        {
            "terraform": {"required_providers": required},
            "provider": {"aws": providers[0]},
            "module": called,
        },
    )


def _called(folder: str) -> dict[str, str]:
    return {"source": f"./{folder}"}


def _write_module(folder: Path, module: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TERRAFORM_FILE).write_text(json.dumps(module))


def _without_provider(module: dict[str, Any]) -> dict[str, Any]:
    """Take the configuration without an alias out of a module, and return it."""
    default: dict[str, Any]
    (default,) = (each for each in module["provider"]["aws"] if "alias" not in each)
    module["provider"]["aws"].remove(default)
    return default


def _without_component(provider: dict[str, Any]) -> dict[str, Any]:
    (default,) = provider["default_tags"]
    return provider | {"default_tags": [{"tags": default["tags"] | {"Component": ""}}]}
