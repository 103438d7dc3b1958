"""`evalctl gate`: decides whether an evaluation lets a change pass."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl.checkout import git
from evalctl.terminal import console, fail


def command(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS_DIR", help="The folder that `evalctl evaluate --out` wrote."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The report to write, as in report.json.")
    ],
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
    """Decide whether DeepEval's results let a change pass: exit status 0, or 1 with every reason.

    Results fail if they are missing, incomplete, stale, modified, or from another judge or data set;
    errors of the judge fail too. Then the means are compared with the thresholds in evals/gate/pins.py
    and with the baseline. A report, a summary or rows that the gate wrote before are replaced; any other
    file is refused before anything is deleted.

    Example: evalctl gate results --out report.json --no-baseline
    """
    from evals.gate import baseline as baselines
    from evals.gate import files, outputs, pins, report, verdict
    from evals.gate.markdown import markdown
    from evals.gate.rows import rows as rows_of

    if (baseline is None) is not no_baseline:
        fail("Pass --baseline FILE or --no-baseline: a comparison is never skipped silently.")
    commit = commit or git("rev-parse", "HEAD")
    written = {"--out": out, "--summary": summary, "--rows": rows}
    try:
        outputs.check(written)
        compared = baselines.read(baseline) if baseline is not None else baselines.NONE
        outputs.delete(written)
        decided, evidence = verdict.decide(
            results, pins=pins.PINS, commit=commit, baseline=compared
        )
        if summary is not None:
            files.write(summary, markdown(decided))
        if rows is not None and evidence.run is not None and evidence.scores:
            files.write(rows, rows_of(evidence.run, evidence.scores))
        files.write(out, report.text(decided))  # last: when the report exists, the other files do
    except outputs.CannotReplaceError as error:
        fail(f"Nothing was decided, and nothing was deleted. {error}")
    except OSError as error:
        fail(
            f"{error.filename or out} cannot be read or written: {error.strerror}. Nothing was decided."
        )
    for note in decided.notes:
        console.print(note, style="yellow", markup=False, soft_wrap=True)
    for metric, mean in decided.summary.items():
        console.print(f"{metric}: {'no score' if mean is None else f'{mean:.3f}'}", highlight=False)
    if decided.verdict == "fail":
        fail("The quality gate is closed.", *[reason.message for reason in decided.reasons])
    console.print("[bold green]The quality gate is open.[/bold green]")
