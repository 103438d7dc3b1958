"""Production as it is rendered, and as a clone fills it in."""

from datetime import date

import pytest

from evalctl.checks.check import Subject
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment
from tests.evalctl.checks import filled_in
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def prod() -> RenderedEnvironment:
    """The checks have read its files: a copy with other texts parses only these."""
    env = RenderedEnvironment.read(ROOT / "rendered/prod", root=ROOT)
    for check in (*GO_LIVE, *WIRING):
        check.run(Subject(env, date.min))
    return env


@pytest.fixture(scope="session")
def filled() -> RenderedEnvironment:
    return filled_in.rendered()
