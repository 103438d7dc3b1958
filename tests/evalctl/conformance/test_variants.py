"""Each check has a variant of the reference that breaks its line; test_reference.py runs them."""

import pytest

from evalctl.conformance.check import Subject
from evalctl.conformance.suites import SUITES
from tests.workload.variants import VARIANTS

# It reads rendered manifests and runs no program; test_sums.py breaks them.
ABOUT_MANIFESTS = {"sum-of-workers-within-the-providers-limit"}


@pytest.mark.parametrize("subject", Subject)
def test_every_check_has_a_variant(subject: Subject) -> None:
    assert set(VARIANTS[subject]) == {check.id for check in SUITES[subject]} - ABOUT_MANIFESTS
