"""Each check fails when what it checks is broken, and no other check does."""

from datetime import date

import pytest

from evalctl.checks.check import Subject
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment
from tests.evalctl.checks.mutations import MUTATIONS, Mutation

TODAY = date(2026, 11, 28)
CHECKS = (*GO_LIVE, *WIRING)
# Production fails this one as it is: it has a test of its own, with a repaired copy.
FAILING = {"samples-replaced"}


def failing(env: RenderedEnvironment) -> dict[str, list[str]]:
    """Check → its problems."""
    found = {
        check.name: [str(each) for each in check.run(Subject(env, TODAY)) if each.problem]
        for check in CHECKS
    }
    return {name: problems for name, problems in found.items() if problems}


def test_production_passes_all_checks_but_the_samples(prod: RenderedEnvironment) -> None:
    assert failing(prod).keys() == FAILING


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_change_fails_its_check_and_no_other(
    mutation: Mutation, prod: RenderedEnvironment
) -> None:
    found = failing(mutation.apply(prod))
    assert found.keys() - FAILING == {mutation.check, *mutation.also}, found
    assert all(
        ".yaml:" in each or ".json:" in each or "prod/" in each for each in found[mutation.check]
    )


def test_each_check_has_a_mutation() -> None:
    assert {check.name for check in CHECKS} - {each.check for each in MUTATIONS} == FAILING
