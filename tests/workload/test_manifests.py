"""Every variable of the rendered pods is read, and every variable that a program needs is rendered."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic_settings import BaseSettings

from tests.workload.servers import ROOT
from workload.settings import OrchestratorSettings, WorkerSettings

# The AWS SDK reads it itself.
SDK_VARIABLES = {"AWS_EC2_METADATA_DISABLED"}
PROGRAMS: dict[str, type[BaseSettings]] = {
    "orchestrator": OrchestratorSettings,
    "worker": WorkerSettings,
}


def rendered_variables(folder: Path) -> set[str]:
    """The variables of an app's container."""
    found: set[str] = set()
    for file in folder.glob("*.yaml"):
        manifest = yaml.safe_load(file.read_text())
        if manifest["kind"] == "ConfigMap":
            found |= set(manifest["data"])
        if manifest["kind"] == "Deployment":
            (container,) = manifest["spec"]["template"]["spec"]["containers"]
            found |= {variable["name"] for variable in container.get("env", ())}
    return found


@pytest.mark.parametrize("app", PROGRAMS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_manifests_render_exactly_what_the_program_reads(environment: str, app: str) -> None:
    rendered = rendered_variables(ROOT / "rendered" / environment / "k8s" / app)
    read = {name.upper() for name in PROGRAMS[app].model_fields}
    assert rendered - SDK_VARIABLES == read
    assert rendered >= SDK_VARIABLES


def test_only_the_settings_read_variables() -> None:
    for file in (ROOT / "workload").rglob("*.py"):
        if ".venv" not in file.parts and file.name != "settings.py":
            # A library's own variables are set, with `|=`.
            assert not re.search(r"getenv|os\.environ(?! \|=)", file.read_text()), file


def test_a_secret_is_read_from_its_file_and_its_value_is_in_no_variable() -> None:
    for settings in PROGRAMS.values():
        secrets = [n for n in settings.model_fields if n.endswith(("url", "token", "password"))]
        assert not secrets
