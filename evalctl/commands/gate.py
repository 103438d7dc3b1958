"""`evalctl evaluate` and `evalctl gate`: run the evaluation suite, and decide on what it wrote."""

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from evalctl.terminal import console, fail

_BRANCH = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"]  # CI checks out a commit, which is on no branch


def evaluate_command(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A new folder, for what `evalctl gate` reads.")
    ],
    environment: Annotated[
        str, typer.Option(metavar="NAME", help="Where the agent runs, for ClickHouse.")
    ] = "ci",
    branch: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", envvar=_BRANCH, help="The agent's branch; git's unless given."
        ),
    ] = None,
) -> None:
    """Put the golden questions to the agent and have the pinned judge score its answers.

    Runs the real `deepeval test run` on evals/, within the caps on time and spend that
    quality_gate/pins.py sets. OPENAI_API_KEY is the judge's. EVAL_AGENT_URL names the agent; without it,
    recorded answers are judged. Whether they are good enough is for `evalctl gate`.
    """
    from quality_gate import evaluate, pins, run

    # A cancelled job must not leave a judge at work, which costs money.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    build = evaluate.Build(
        commit=_git("rev-parse", "HEAD"),
        built_at=datetime.fromisoformat(_git("show", "--no-patch", "--format=%cI", "HEAD")),
        branch=branch or _git("rev-parse", "--abbrev-ref", "HEAD"),
        environment=environment,
    )
    try:
        with console.status(f"DeepEval runs; {out / run.LOG} tells how far it is"):
            ended = evaluate.evaluate(pins.PINS, out=out, build=build).end
    except evaluate.CannotEvaluateError as error:
        fail(f"Nothing was evaluated. {error}")
    # 1: a case below its threshold, on which the gate decides.
    if ended is None or not ended.sha256 or ended.exit_code not in (0, 1):
        fail(f"DeepEval did not end well. `evalctl gate {out}` says why.")
    console.print(
        f"[bold]{out}[/bold]: evaluated; decide with: evalctl gate {out} --out report.json"
    )


def gate_command(
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
    quality_gate/pins.py requires, and with the baseline.
    """
    from quality_gate import baseline as baselines
    from quality_gate import files, pins, report, verdict
    from quality_gate.markdown import markdown
    from quality_gate.rows import rows as rows_of

    compared = baselines.read(baseline) if baseline is not None else baselines.NONE
    try:
        # Whatever happens next, what an earlier run wrote is not taken for this one's.
        for file in (out, summary, rows):
            if file is not None:
                file.unlink(missing_ok=True)
        if (baseline is None) is not no_baseline:
            fail("Say --baseline FILE or --no-baseline: a comparison is never left out silently.")
        decided, evidence = verdict.decide(
            results, pins=pins.PINS, commit=commit or _git("rev-parse", "HEAD"), baseline=compared
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


def _git(*arguments: str) -> str:
    """What git says about the folder that the command is typed in."""
    try:
        said = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"git does not say which commit this is ({error}). Run it in a clone, with git.")
    return said.stdout.strip()
