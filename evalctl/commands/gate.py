"""`evalctl gate`: decide on what the evaluation suite wrote."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl.checkout import git
from evalctl.terminal import console, fail


def command(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS_DIR", help="What `evalctl evaluate --out` wrote.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The report, report.json.")],
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The last report of the main branch.")
    ] = None,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="There is no report of the main branch yet.")
    ] = False,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write Markdown for the pull request.")
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write rows for evaluation_results.")
    ] = None,
    commit: Annotated[
        str | None, typer.Option(metavar="SHA", help="The commit to decide on; HEAD unless given.")
    ] = None,
) -> None:
    """Decide whether what DeepEval wrote lets a change pass: exit status 0, or 1 with every reason.

    Results that are missing, incomplete, stale, of another judge or data set, or changed since are a
    failure, and so are errors of the judge. Then the means are compared with what
    evals/gate/pins.py requires, and with the baseline.
    """
    from evals.gate import baseline as baselines
    from evals.gate import files, pins, report, verdict
    from evals.gate.markdown import markdown
    from evals.gate.rows import rows as rows_of

    compared = baselines.read(baseline) if baseline is not None else baselines.NONE
    try:
        # Whatever happens next, what an earlier run wrote is not taken for this one's.
        for file in (out, summary, rows):
            if file is not None:
                file.unlink(missing_ok=True)
        if (baseline is None) is not no_baseline:
            fail("Say --baseline FILE or --no-baseline: a comparison is never left out silently.")
        decided, evidence = verdict.decide(
            results, pins=pins.PINS, commit=commit or git("rev-parse", "HEAD"), baseline=compared
        )
        if summary is not None:
            files.write(summary, markdown(decided))
        if rows is not None and evidence.run is not None and evidence.scores:
            files.write(rows, rows_of(evidence.run, evidence.scores))
        files.write(out, report.text(decided))  # last: where it is, the others are
    except OSError as error:
        fail(
            f"{error.filename or out} cannot be read or written: {error.strerror}. Nothing was decided."
        )
    for note in decided.notes:
        console.print(note, style="yellow", markup=False, soft_wrap=True)
    for metric, mean in decided.summary.items():
        console.print(f"{metric}: {'no score' if mean is None else f'{mean:.3f}'}", highlight=False)
    if decided.verdict == "fail":
        fail("The quality gate is shut.", *[reason.message for reason in decided.reasons])
    console.print("[bold green]The quality gate is open.[/bold green]")
