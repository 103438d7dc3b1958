"""`evalctl evaluate`: run the evaluation suite."""

import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from evalctl.checkout import git
from evalctl.terminal import console, fail

_BRANCH = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"]  # CI checks out a commit, which is on no branch


def command(
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="A new folder for the results, which `evalctl gate` reads."
        ),
    ],
    environment: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The environment in which the agent runs; it is written to ClickHouse.",
        ),
    ] = "ci",
    branch: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", envvar=_BRANCH, help="The agent's branch; the checkout's unless given."
        ),
    ] = None,
) -> None:
    """Send the golden questions to the agent, and score its answers with the pinned judge.

    Runs `deepeval test run` on evals/suite/, within the limits of time and cost that evals/gate/pins.py sets.
    OPENAI_API_KEY is the key for the judge. EVAL_AGENT_URL is the address of the agent; without it, the
    recorded answers are scored. `evalctl gate` decides whether the scores are good enough.

    Example: evalctl evaluate --out results
    """
    from evals.gate import evaluate, pins, run
    from evals.gate import evidence as evidence_of

    # A cancelled job must stop the judge too, because the judge costs money.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    build = evaluate.Build(
        commit=git("rev-parse", "HEAD"),
        built_at=datetime.fromisoformat(git("show", "--no-patch", "--format=%cI", "HEAD")),
        branch=branch or git("rev-parse", "--abbrev-ref", "HEAD"),
        environment=environment,
    )
    try:
        console.print(f"DeepEval runs; its log is {out / run.LOG}", markup=False)
        evaluate.evaluate(
            pins.PINS,
            out=out,
            build=build,
            progress=lambda text: console.print(text, highlight=False, markup=False),
        )
    except evaluate.CannotEvaluateError as error:
        fail(f"Nothing was evaluated. {error}")
    # A case below its threshold is no problem here; the gate decides about that.
    evidence = evidence_of.examine(out, pins=pins.PINS, commit=build.commit)
    if evidence.problems:
        fail(
            f"The results in {out} decide nothing.",
            *[problem.message for problem in evidence.problems],
        )
    console.print(
        f"[bold]{out}[/bold]: evaluated. For the decision, run: evalctl gate {out} --out report.json"
    )
