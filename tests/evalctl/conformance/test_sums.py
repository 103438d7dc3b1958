"""The check of what all workers may send together reads the rendered manifests."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from environments.dev import DEV
from environments.names import App, Names
from evalctl.conformance.bench import Bench
from evalctl.conformance.checks.limits import sum_of_workers_within_the_providers_limit as check
from evalctl.conformance.pod import read
from evalctl.conformance.program import BrokenError
from tests.evalctl.conformance.conftest import RENDERED


def bench(rendered: Path) -> Bench:
    """No server: the check starts nothing."""
    platform = SimpleNamespace(
        worker=read(rendered, App.WORKER), names=Names(DEV), rendered=rendered
    )
    return cast(Bench, SimpleNamespace(platform=platform))


def test_the_rendered_workers_stay_within_the_providers_limit() -> None:
    assert f"{DEV.worker.max_replicas} workers: " in check.proof(bench(RENDERED))


def test_more_workers_than_the_limit_allows_fail_the_check(tmp_path: Path) -> None:
    rendered = tmp_path / "dev"
    shutil.copytree(RENDERED, rendered)
    file = rendered / "k8s" / App.WORKER / f"HorizontalPodAutoscaler-{App.WORKER}.yaml"
    most = f"maxReplicas: {DEV.worker.max_replicas}"
    assert most in file.read_text()
    file.write_text(file.read_text().replace(most, "maxReplicas: 40"))

    with pytest.raises(BrokenError, match="40 workers: 6000 of 1000 requests"):
        check.proof(bench(rendered))
