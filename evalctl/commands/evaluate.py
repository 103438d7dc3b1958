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
    """Put the golden questions to the agent, and have the pinned judge score its answers.

    Runs the real `deepeval test run` on evals/suite/, within the caps on time and spend that
    evals/gate/pins.py sets. OPENAI_API_KEY is the judge's. EVAL_AGENT_URL names the agent; without it,
    recorded answers are judged. Whether they are good enough is for `evalctl gate`.
    """
    from evals.gate import evaluate, pins, run

    # A cancelled job must not leave a judge at work, which costs money.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    build = evaluate.Build(
        commit=git("rev-parse", "HEAD"),
        built_at=datetime.fromisoformat(git("show", "--no-patch", "--format=%cI", "HEAD")),
        branch=branch or git("rev-parse", "--abbrev-ref", "HEAD"),
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
