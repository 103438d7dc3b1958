"""docs/conformance.md lists the checks."""

import re

import pytest

from evalctl.conformance.check import Subject
from evalctl.conformance.suites import SUITES
from tests.support.paths import ROOT


def table(subject: Subject) -> str:
    """The checks as the page shows them, in the order in which they run."""
    rows = [f"| `{check.id}` | {check.line} |" for check in SUITES[subject]]
    return "\n".join(("| check | proves |", "| --- | --- |", *rows))


@pytest.mark.parametrize("subject", Subject)
def test_the_page_lists_the_checks(subject: Subject) -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    found = re.search(rf"<!-- the {subject}'s checks -->\n(.*?)\n*<!-- end -->", page, re.DOTALL)
    assert found is not None
    assert found[1].strip() == table(subject), f"put this table into the page:\n{table(subject)}"


@pytest.mark.parametrize("subject", Subject)
def test_no_two_checks_have_one_id(subject: Subject) -> None:
    ids = [check.id for check in SUITES[subject]]
    assert len(ids) == len(set(ids))
