"""Argo CD as the real Kustomize builds it."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from environments.registry import ENVIRONMENTS
from tests.support import argocd_release
from tests.support.manifests import Manifest
from tests.support.tools import program


@pytest.fixture(scope="session")
def built(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """Environment name → every object of its Argo CD."""
    kubectl = program("kubectl", get_it="https://kubernetes.io/docs/tasks/tools")
    found = {}
    for env in ENVIRONMENTS:
        folder = tmp_path_factory.mktemp(env.name) / "installation"
        shutil.copytree(rendered / env.name / "argocd-install", folder)
        argocd_release.substitute_in(folder)
        result = subprocess.run(
            [kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=True
        )
        assert result.stderr == ""  # Kustomize reports deprecated fields here
        found[env.name] = list(yaml.load_all(result.stdout, yaml.CSafeLoader))
    return found
