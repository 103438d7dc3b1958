"""The reference keeps the contract, and each check sees a variant of it that breaks its line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from environments.dev import DEV
from evalctl.conformance import run
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Check, Subject
from evalctl.conformance.scale import FAST, Scale
from evalctl.conformance.suites import SUITES
from tests.evalctl.conformance.conftest import require_servers
from tests.support.paths import ROOT
from tests.workload.variants import VARIANTS

pytestmark = pytest.mark.conformance

PYTHON = str(ROOT / "workload" / ".venv" / "bin" / "python")
REFERENCE = {subject: (PYTHON, "-m", f"workload.{subject}") for subject in Subject}
EACH = [
    pytest.param(subject, check, id=f"{subject}-{check.id}")
    for subject in Subject
    for check in SUITES[subject]
    if check.id in VARIANTS[subject]
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Callable[[Subject, dict[Subject, tuple[str, ...]]], Bench]]:
    """Makes a bench with other programs on the same servers."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        require_servers(monkeypatch)
        monkeypatch.chdir(ROOT)
        with run.bench(
            DEV,
            checkout=ROOT,
            subject=Subject.WORKER,
            commands=REFERENCE,
            scale=Scale(FAST),
            note=print,
        ) as servers:
            yield lambda subject, commands: Bench(servers.platform, subject, REFERENCE | commands)


@contextmanager
def closed(bench: Bench) -> Iterator[Bench]:
    """Afterwards no program runs and the files hold the values of the servers."""
    try:
        yield bench
    finally:
        bench.cancel_all()
        bench.close()
        bench.platform.write_files()


@pytest.mark.parametrize(("subject", "check"), EACH)
def test_a_variant_that_breaks_a_line_fails_its_check(
    bench: Callable[[Subject, dict[Subject, tuple[str, ...]]], Bench],
    subject: Subject,
    check: Check,
) -> None:
    variant = (PYTHON, "-m", "tests.workload.variants", subject, check.id)
    other = _cheap(subject, check)
    with closed(bench(subject, {subject: variant})) as made:
        result = run.result(made, check)
        neighbour = run.result(made, other)
    assert not result.passed, f"{check.line}: {result.evidence}"
    assert neighbour.passed, neighbour.evidence


def _cheap(subject: Subject, check: Check) -> Check:
    """Another check of the same program, which the variant must pass."""
    wanted = {
        Subject.WORKER: "results",
        Subject.ORCHESTRATOR: "idempotency-key",
    }[subject]
    # After a rotation the shared copy still has the old password or token. This check starts its own.
    if check.id == wanted or check.id.startswith("rotated-"):
        wanted = "metrics-always-present"
    return next(other for other in SUITES[subject] if other.id == wanted)
