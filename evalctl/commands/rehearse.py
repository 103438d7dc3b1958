"""`evalctl rehearse`: a deploy on this machine."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import console, fail, require_programs
from evalctl.values import known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to rehearse.")],
    only: Annotated[
        str | None,
        typer.Option(metavar="HALF", help="Only one half: aws or cluster."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="All checks of the cluster, with the autoscaler unscaled."),
    ] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep the cluster until Ctrl-C, and print its kubeconfig."),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the results as JSON."),
    ] = None,
) -> None:
    """Rehearse day one of an environment on this machine, and its teardown.

    The AWS half runs the real terraform with the real AWS provider on the unmodified rendered stacks,
    against an emulated AWS: it applies them, plans again, which must be empty, checks what the account
    holds, tears everything down, and checks that nothing is left.

    The cluster half runs a real Kubernetes control plane, Argo CD, External Secrets and
    prometheus-operator on loopback: `evalctl bootstrap`, the first sync with its checks, and `evalctl
    teardown`. CLUSTER_PROGRAMS names the folder with those programs.

    It takes minutes, and nothing leaves the machine. Without access to a registry, TF_PROVIDER_MIRROR
    names a filesystem mirror with the provider.

    Example: evalctl rehearse dev --only aws
    """
    from evalctl.rehearsal import report
    from evalctl.rehearsal.cluster.programs import ProgramsMissingError, find
    from evalctl.rehearsal.halves import Half

    environment, root = one_environment(known_environments(), env), checkout.root()
    if only is not None and only not in list(Half):
        fail(f"--only {only}: there is no such half. Use {' or '.join(Half)}.")
    half = None if only is None else Half(only)
    if half is Half.AWS and (full or keep):
        option = "--full" if full else "--keep"
        fail(f"{option} is about the cluster, which --only aws leaves out.")
    programs = None
    if half is not Half.CLUSTER:
        require_programs("terraform")
    if half is not Half.AWS:
        try:
            programs = find(environment.cluster.kubernetes_version)
        except ProgramsMissingError as error:
            fail(
                f"The cluster of {env} cannot be rehearsed.",
                *str(error).splitlines(),
                f"To rehearse without a cluster: evalctl rehearse {env} --only aws",
            )
    # A file that cannot be written is reported before the work, and earlier results are gone from it.
    if json_file is not None and (problem := _not_written(json_file, "")):
        fail(problem)
    done = report.Report(console)
    try:
        asyncio.run(
            report.run(
                environment,
                checkout=root,
                programs=programs,
                only=half,
                full=full,
                keep=keep,
                report=done,
            )
        )
    except report.FAILURES as error:
        done.errors = report.messages(error)
    except KeyboardInterrupt:
        done.interrupted()
        raise
    except Exception as error:  # a mistake in this program: its traceback follows
        done.errors = [f"{type(error).__name__}: {error}"]
        raise
    finally:
        if json_file is not None and (
            problem := _not_written(json_file, done.json(environment) + "\n")
        ):
            done.errors.append(problem)
        done.print_tables(environment)
    failed = [f"{found.check}: {found.evidence}" for found in done.failed]
    if done.errors:
        fail(f"The rehearsal of {env} failed.", *done.errors, *failed)
    if failed:
        fail(f"{len(failed)} of {len(done.results)} checks failed.", *failed)
    console.print(f"[bold]{env}[/bold] rehearsed")


def _not_written(json_file: Path, text: str) -> str | None:
    """Replace the file's text; returns why this was not possible, or None."""
    try:
        json_file.write_text(text, encoding="utf-8")
    except OSError as error:
        return (
            f"--json {json_file} cannot be written: {error.strerror}. Name another file, in a folder "
            "that exists."
        )
    return None
