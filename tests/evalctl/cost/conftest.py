"""Copies of the rendered environments, which a test can change."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments.names import Names, Stack
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from evalctl.cost import prices, rendered_files
from evalctl.cost.estimate import Estimate, estimate
from tests.support.paths import ROOT

Edit = Callable[[dict[str, Any]], None]


class Checkout:
    """A copy of the committed `rendered/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for env in ENVIRONMENTS:
            for part in ("terraform", "k8s", "argocd"):
                shutil.copytree(
                    ROOT / "rendered" / env.name / part, root / "rendered" / env.name / part
                )

    def edit(self, stack: Stack, edit: Edit) -> None:
        """Change the resources of one of production's stacks."""
        file = self.root / Names(PROD).stack_file(stack)
        document = json.loads(file.read_text())
        edit(document["resource"])
        file.write_text(json.dumps(document))

    def estimate(self) -> Estimate:
        rendered = rendered_files.in_folder(self.root / "rendered", PROD.name)
        return estimate(rendered, PROD, prices.read())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)
