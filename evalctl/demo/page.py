"""The demo's page: what happened, what each number is, and the three boards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from evalctl.board_pages import theme
from evalctl.demo.numbers import Number, numbers
from evalctl.demo.report import Report

FILE = "index.html"


@dataclass(frozen=True, kw_only=True)
class Board:
    """A drawn board: its file beside the page, and its height in pixels."""

    file: str
    title: str
    height: int


def page(
    report: Report,
    *,
    boards: Sequence[Board],
    not_drawn: Sequence[str],
    stand_ins: Sequence[str],
    docs: Path,
) -> str:
    """The whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>The platform at work</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>The platform at work</h1>
<p>The reference orchestrator and four workers scored {report.jobs.total():,} cases of the sample suite on this
machine. The programs, the queue, the databases, the metrics and the queries are real; <a
href="#stand-ins">these parts are stand-ins</a>. Every number below was measured in this run.</p>
<div class="numbers">{"".join(_number(each, docs) for each in numbers(report))}</div>
<div class="columns"><div>
<h2>Scores</h2>
<p>A judge gives each answer a score between 0 and 1 under each metric (ClickHouse, table evaluation_results).
{_link(docs, "quality-gate.md", "How the gate uses them")}.</p>
{_table(("metric", "scores", "mean", "below the threshold"), _metric_rows(report))}
</div><div>
<h2>Test runs</h2>
<p>One run for each build of the agent, as the API reports it. One build is worse on purpose: the board AI
Quality Trends shows it.</p>
{_table(("build", "judge", "cases", "failed", "seconds", *_names(report)), _run_rows(report))}
</div></div>
<div class="columns"><div>
<h2 id="stand-ins">What is a stand-in</h2>
<ul>{"".join(f"<li>{escape(line)}</li>" for line in stand_ins)}</ul>
</div><div>
<h2>Where to go from here</h2>
<ul>
<li>{_link(docs, "first-day.md", "first-day.md")}: from an empty AWS account to this platform.</li>
<li>{_link(docs, "images.md", "images.md")}: what the two programs do, and how to put your own in their place.</li>
<li>{_link(docs, "conformance.md", "conformance.md")}: whether your own keep the contract.</li>
<li>{_link(docs, "rehearsal.md", "rehearsal.md")}: the AWS account and the cluster, rehearsed on this machine.</li>
<li>{_link(docs, "demo.md", "demo.md")}: this demo.</li>
</ul>
</div></div>
<h2>The boards</h2>
<p>Grafana gets the same panels. Their queries ran on the demo's Prometheus and ClickHouse.</p>
{"".join(map(_board, boards))}
<p>Left out, because only AWS or Kubernetes emits what they show: {escape(", ".join(not_drawn))}.</p>
</body>
</html>
"""


def _number(number: Number, docs: Path) -> str:
    return (
        f'<div><b id="{number.id}">{escape(number.text)}</b><i>{escape(number.name)}</i>'
        f"<span>{escape(number.meaning)} {_link(docs, number.page, 'more')}</span></div>"
    )


def _names(report: Report) -> list[str]:
    return [metric.name for metric in report.metrics]


def _metric_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for metric in report.metrics:
        yield metric.name, f"{metric.scores:,}", f"{metric.mean:.3f}", f"{metric.below:,}"


def _run_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for run in report.runs:
        yield (
            run.build[:7],
            run.judge,
            f"{sum(run.jobs.values()):,}",
            f"{run.jobs.get('failed', 0):,}",
            f"{run.seconds:.0f}",
            *(f"{run.scores[name]:.3f}" if name in run.scores else "" for name in _names(report)),
        )


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _link(docs: Path, page: str, text: str) -> str:
    return f'<a href="{escape((docs / page).as_uri())}">{escape(text)}</a>'


def _board(board: Board) -> str:
    file, title = escape(board.file), escape(board.title)
    return (
        f'<h3><a href="{file}">{title}</a></h3>'
        f'<iframe src="{file}" title="{title}" style="height:{board.height}px"></iframe>'
    )


_STYLE = f"""
body {{ margin: 0 auto; max-width: 1240px; padding: 20px; background: {theme.BACKGROUND};
  color: {theme.TEXT}; font: 14px/1.5 {theme.FONT}; }}
h1, h2, h3 {{ font-weight: 500; margin: 18px 0 4px; }}
h1 {{ font-size: 26px; }} h2 {{ font-size: 18px; }} h3 {{ font-size: 15px; }}
p, ul {{ margin: 2px 0 8px; color: {theme.MUTED}; }}
a {{ color: {theme.PALETTE[5]}; }}
.numbers {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(285px, 1fr)); gap: 8px; }}
.numbers > div {{ background: {theme.PANEL}; border: 1px solid {theme.BORDER}; border-radius: 2px;
  padding: 10px 12px; display: flex; flex-direction: column; }}
.numbers b {{ font-size: 28px; font-weight: 500; color: {theme.PALETTE[0]}; }}
.numbers i {{ font-style: normal; }}
.numbers span {{ color: {theme.MUTED}; font-size: 12px; }}
.columns {{ display: grid; grid-template-columns: 2fr 3fr; gap: 28px; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: left; padding: 4px 18px 4px 0; border-bottom: 1px solid {theme.BORDER}; }}
th {{ color: {theme.MUTED}; font-weight: 500; }}
iframe {{ width: 100%; border: 1px solid {theme.BORDER}; }}
"""
