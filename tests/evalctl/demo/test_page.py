"""The demo's page states the run's numbers, what they are, and where to go on."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from evalctl.demo.page import Board, page
from evalctl.demo.report import Metric, Report, Run

RUN = Run(
    id="1",
    build="0123456789",
    judge="openai gpt-4.1-mini",
    jobs={"done": 18, "failed": 2},
    seconds=12.3,
    scores={"faithfulness": 0.951},
)
REPORT = Report(
    runs=(RUN, replace(RUN, id="2", build="abcdef0", scores={})),
    metrics=(Metric(name="faithfulness", scores=36, mean=0.951, below=3),),
    seconds=61.2,
    calls=1_234,
    refused=25,
    failed=11,
    input_tokens=90_000,
    output_tokens=10_000,
    cost_usd=1.5,
    call_p95_seconds=1.25,
    job_p50_seconds=4.0,
    job_p95_seconds=9.5,
)
BOARD = Board(file="llm-cost.html", title="LLM Cost & Performance", height=700)


def _page() -> str:
    return page(
        REPORT,
        boards=[BOARD],
        not_drawn=["PostgreSQL CPU"],
        stand_ins=["S3: moto."],
        docs=Path("docs").resolve(),
    )


def _shown(text: str) -> dict[str, str]:
    return dict(re.findall(r'<b id="([\w-]+)">([^<]+)</b>', text))


def test_the_numbers_are_those_of_the_report() -> None:
    assert _shown(_page()) == {
        "jobs": "40",
        "seconds": "61 s",
        "job-times": "4.0 s / 9.5 s",
        "calls": "1,234",
        "call-time": "1.25 s",
        "tokens": "100,000",
        "cost": "$1.50",
    }


def test_failed_jobs_are_counted_for_each_run_and_for_all() -> None:
    text = _page()

    assert "36 done, 4 failed" in text
    assert "<td>0123456</td><td>openai gpt-4.1-mini</td><td>20</td><td>2</td><td>12</td>" in text


def test_every_linked_page_exists() -> None:
    links = [urlsplit(link) for link in re.findall(r'href="(file:[^"]+)"', _page())]

    assert len(links) > 10
    for link in links:
        assert Path(unquote(link.path)).is_file(), link.path


def test_boards_are_in_the_page_and_titles_are_escaped() -> None:
    assert 'src="llm-cost.html" title="LLM Cost &amp; Performance" style="height:700px"' in _page()


def test_stand_ins_and_panels_without_a_source_are_named() -> None:
    assert "<li>S3: moto.</li>" in _page()
    assert "what they show: PostgreSQL CPU." in " ".join(_page().split())
