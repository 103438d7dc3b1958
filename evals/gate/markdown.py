"""The report as Markdown, for a pull request."""

from collections.abc import Iterator, Sequence

from evals.gate.report import MetricResult, Report, Score

_WORST_PER_TOPIC = 3
_LONGEST_QUOTE = 200


def markdown(report: Report) -> str:
    """Verdict, reasons, scores, and the worst cases by topic."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    yield f"## Quality gate: {'passed ✅' if report.verdict == 'pass' else 'failed ❌'}"
    if report.reasons:
        yield "\n".join(f"- {_quote(r.message, limit=1000)} ({r.code})" for r in report.reasons)
    if report.metrics:
        yield _table(
            ("metric", "mean", "must be above", "95 % sure above", "against main", "worst case"),
            [_row(result) for result in report.metrics],
        )
        yield from _worst(report.scores)
    yield from report.notes
    if report.run is not None:
        run = report.run
        yield (
            f"{run.cases} cases of `{run.dataset}`, judged by `{run.judge_model}` for "
            f"{run.cost_usd:.2f} USD ({run.input_tokens} tokens in, {run.output_tokens} out), "
            f"commit `{run.commit[:12]}`, agent: {_quote(run.agent)}."
        )


def _row(result: MetricResult) -> tuple[str, ...]:
    change = f"{result.change.difference:+.3f}" if result.change is not None else "none"
    return (
        result.metric,
        f"**{result.mean:.3f}**",
        f"{result.required_mean:g}",
        f"{result.lower_bound:.3f}",
        change,
        f"{result.worst.score:.2f} {_quote(result.worst.case_id)}",
    )


def _worst(scores: Sequence[Score]) -> Iterator[str]:
    failed = sorted((s for s in scores if s.score < s.threshold), key=lambda s: s.score)
    if not failed:
        yield "No case is below its threshold."
        return
    by_topic: dict[str, list[Score]] = {}
    for score in failed:
        by_topic.setdefault(score.topic, []).append(score)
    rows = []
    for topic, below in sorted(by_topic.items(), key=lambda item: -len(item[1])):
        judged = sum(score.topic == topic for score in scores)
        for score in below[:_WORST_PER_TOPIC]:
            share = f"{topic} ({len(below)} of {judged} scores)"
            case = (score.metric, f"{score.score:.2f}", _quote(score.case_id), _quote(score.reason))
            rows.append((share, *case))
    yield "### Below their threshold, by topic"
    yield _table(("topic", "metric", "score", "case", "the judge's reason"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _quote(text: str, *, limit: int = _LONGEST_QUOTE) -> str:
    """As code, because a model wrote it: it cannot add a link, mention, HTML or table cell."""
    line = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    shown = line if len(line) <= limit else line[: limit - 1] + "…"
    return f"`{shown}`" if shown else "none"
