"""The gate's pins import nothing, so their numbers have copies; each copy is compared here."""

import re

import pytest

from dashboards.boards.ai_quality import FAITHFULNESS, REQUIRED_FAITHFULNESS
from evals.gate.pins import PINS
from tests.support.paths import ROOT

(FAITHFULNESS_METRIC,) = [metric for metric in PINS.metrics if metric.key == FAITHFULNESS]
REQUIRED = FAITHFULNESS_METRIC.required_mean


def test_the_gate_requires_the_faithfulness_of_the_brief() -> None:
    assert REQUIRED == 0.9


def test_the_board_draws_the_line_of_the_gate() -> None:
    assert REQUIRED_FAITHFULNESS == REQUIRED


@pytest.mark.parametrize(
    "page", [".github/workflows/quality-gate.yml", "docs/delivery.md", "docs/quality-gate.md"]
)
def test_every_page_with_the_faithfulness_limit_has_the_limit_of_the_gate(page: str) -> None:
    limits = re.findall(
        r"faithfulness(?: > | &gt; |: )(\d(?:\.\d+)?)", (ROOT / page).read_text(encoding="utf-8")
    )
    assert {float(limit) for limit in limits} == {REQUIRED}
