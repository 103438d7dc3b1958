"""`evalctl`: what a person or a pipeline types."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks import plan_guard, policy, support_windows
from checks.plan_file import NotAPlanError
from checks.support_windows import Severity
from environments import images
from environments.names import Image, Names
from environments.rules import InvalidEnvironmentError
from environments.spec import Environment
from evalctl import delivery, docs, gate, release, summary, tree, versions
from evalctl.render import PLANES, PlaneFailedError, Rendering, render
from evalctl.tree import ForeignFilesError

RENDERED = Path("rendered")
PREVIEW = Path("preview-pages")

console = Console()
errors = Console(stderr=True)
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)
dashboards = typer.Typer(no_args_is_help=True, help="The boards of an environment.")
app.add_typer(dashboards, name="dashboards")


@app.command("render")
def render_command(
    env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Render only this environment, and leave the others."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The folder to write; it is replaced as a whole."),
    ] = RENDERED,
) -> None:
    """Write every environment's Terraform, Kubernetes and Argo CD files.

    Nothing is written when a value breaks a rule or a plane fails: the folder stays as it was.
    Files that no longer belong disappear. The same values give the same bytes.
    """
    environments = _environments()
    if env is not None:
        _one_environment(environments, env)
    rendering = _render(environments, out=out, only=env)
    console.print(summary.table(rendering.files))
    console.print(f"[bold]{out}[/bold]: {len(rendering.files)} files in {rendering.seconds:.1f} s")


@app.command("release")
def release_command(
    component: Annotated[Image, typer.Argument(metavar="COMPONENT", help="The image to change.")],
    digest: Annotated[
        str,
        typer.Argument(metavar="DIGEST", help="As the registry shows it: sha256:… (64 digits)."),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that will run it.")],
) -> None:
    """Run an image in an environment: edit environments/images.json and render that environment.

    Nothing is changed when the digest has another form, when the render fails, or when the environment
    takes its images from another one, which does not run this one. Argo CD runs the image once the
    change is merged.
    """
    environments = _environments()
    target = _one_environment(environments, env)
    try:
        release.require_digest(digest)
        if target.promotes_from is not None:
            source = _one_environment(environments, target.promotes_from)
            release.require_tried(component, digest, target=target, source=source)
    except release.ReleaseRefusedError as error:
        _fail(str(error))
    _release(environments, target, component, digest)


@app.command("promote")
def promote_command(
    component: Annotated[Image, typer.Argument(metavar="COMPONENT", help="The image to change.")],
    to: Annotated[str, typer.Option(metavar="NAME", help="The environment that will run it.")],
) -> None:
    """Run in an environment the image that the environment before it runs, as in `--to prod`.

    The environment before it is its `promotes_from`; what that one runs is what environments/images.json
    says on the branch that Argo CD follows. The image must be in the registry of `--to` by then.
    """
    environments = _environments()
    target = _one_environment(environments, to)
    if target.promotes_from is None:
        _fail(
            f"{to} takes images from builds, not from another environment. Use: "
            f"evalctl release {component} DIGEST --env {to}"
        )
    try:
        digest = release.running(component, _one_environment(environments, target.promotes_from))
    except release.ReleaseRefusedError as error:
        _fail(str(error))
    _release(environments, target, component, digest)


@app.command("check")
def check_command(
    rendered: Annotated[
        Path, typer.Argument(metavar="DIR", help="The rendered folder to scan.")
    ] = RENDERED,
) -> None:
    """Scan what was rendered with checkov, and look whether the versions fit and are still supported.

    Findings of checkov that are wrong for this platform are answered in checks/policy_skips.toml, each
    with its reason. A skip that no longer matches anything, and a file that checkov could not read, are
    findings too. The end of a Kubernetes minor's support is a warning from 90 days before, and a finding
    once it is there.
    """
    fits = support_windows.findings(_environments(), today=datetime.now(UTC).date())
    for finding in fits:
        if finding.severity is Severity.WARNING:
            console.print(f"Warning: {finding}", style="yellow", markup=False, soft_wrap=True)
    try:
        with console.status(f"checkov reads {rendered}"):
            found = policy.findings(rendered)
    except (ValueError, RuntimeError) as error:
        _fail(str(error))
    misfits = [finding for finding in fits if finding.severity is Severity.ERROR]
    if misfits or found:
        _fail(
            f"{len(misfits) + len(found)} findings. Mend them, or answer for checkov's in "
            "checks/policy_skips.toml.",
            *map(str, misfits),
            *map(str, found),
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")


@app.command("versions")
def versions_command() -> None:
    """Print what is coupled to each Kubernetes minor, and how long EKS supports it, as Markdown."""
    print(versions.markdown(_environments()))


@app.command("rehearse")
def rehearse_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to rehearse.")],
) -> None:
    """Deploy an environment to an emulated AWS on this machine, check it, and tear it down.

    Runs the real terraform with the real AWS provider on the unmodified rendered stacks: the state
    bucket first, every stack, a second plan that must be empty, a look at what the account then
    holds, a teardown, and a look for what is left. Takes minutes; nothing leaves the machine.
    Without a registry, TF_PROVIDER_MIRROR names a filesystem mirror with the provider.
    """
    from rehearsal import run

    environment = _one_environment(_environments(), env)
    try:
        seconds = run.rehearse(environment, rendered=RENDERED, console=console)
    except run.FAILURES as error:
        _fail(f"The rehearsal of {env} failed.", *run.causes(error))
    console.print(f"[bold]{env}[/bold] rehearsed in {seconds / 60:.1f} minutes")


@app.command("docs")
def docs_command() -> None:
    """Write the pages that are made from the values: docs/runbooks/ and docs/telemetry.md."""
    changed = docs.write(_environments(), root=images.FILE.parent.parent)
    for path in changed:
        console.print(f"  {path}", highlight=False)
    console.print(f"[bold]docs[/bold]: {len(changed)} pages changed")


@dashboards.command("preview")
def preview_command(
    env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment whose boards are drawn.")
    ] = "prod",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the pages are written; ignored by Git.")
    ] = PREVIEW,
) -> None:
    """Draw the boards as pages that open in a browser, without a Grafana.

    The panels are read from the same JSON that Grafana gets. Their queries are asked of a real
    Prometheus and of ClickHouse's own engine, both on this machine and filled with invented data, which
    is the same every time. Needs `prometheus` and `promtool` on the PATH. A panel that shows nothing
    is an error.
    """
    from preview import run

    environment = _one_environment(_environments(), env)
    try:
        with console.status(f"drawing the boards of {env}") as status:
            drawn = run.preview(environment, out=out, progress=status.update)
    except run.FAILURES as error:
        _fail(f"The boards of {env} were not drawn.", str(error))
    for page in drawn.pages:
        console.print(f"  {page}", highlight=False)
    if drawn.problems:
        _fail("Panels show nothing:", *drawn.problems)


@app.command("bootstrap")
def bootstrap_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment of the new cluster.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, show the commands, change nothing.")
    ] = False,
    context: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The kubectl context; the current one unless given."),
    ] = None,
) -> None:
    """Install Argo CD into an environment's new cluster, and hand the cluster over to it.

    Checks first that kubectl and the AWS credentials lead to the environment's cluster and account, that
    you may do it, and that the cluster has what Argo CD needs; nothing is changed before all of that
    holds. A second run changes nothing, and a run after a failure goes on. From then on Argo CD syncs
    everything from Git, itself too.
    """
    from bootstrap import run
    from bootstrap.problems import InterruptedBootstrapError, NotReadyError

    environment = _one_environment(_environments(), env)
    console.print(f"[bold]{env}[/bold]: bootstrap")
    try:
        run.bootstrap(environment, context=context, dry_run=dry_run, console=console)
    except NotReadyError as error:
        _fail(f"{env} was not bootstrapped; nothing was changed.", *error.problems)
    except InterruptedBootstrapError as error:
        _fail(f"The bootstrap of {env} stopped halfway.", str(error))


@app.command("plan-guard")
def plan_guard_command(
    plans: Annotated[
        list[Path],
        typer.Argument(metavar="PLAN.json…", help="What `terraform show -json PLAN` wrote."),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that the plan is for.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A resource whose loss is intended, STACK:ADDRESS with several plans; repeatable.",
        ),
    ] = None,
) -> None:
    """Refuse a plan that would destroy or replace what holds data.

    Databases, volumes, buckets, secrets, keys, the queue and the cluster are protected in every
    environment whose value says that its data is (`database.deletion_protection`).
    """
    environment = _one_environment(_environments(), env)
    try:
        refused = (
            plan_guard.refusals(plans[0], allowed=allow or ())
            if len(plans) == 1
            else plan_guard.refusals_of_all(plans, allowed=allow or ())
        )
    except NotAPlanError as error:
        _fail(str(error))
    if refused and environment.database.deletion_protection:
        _fail(f"{env} protects its data; this plan may not be applied.", *map(str, refused))
    for refusal in refused:
        console.print(f"{refusal} (not asked of {env}, which protects no data)", markup=False)
    for plan in plans:
        console.print(f"[bold]{plan}[/bold]: takes away nothing that is protected")


app.command("evaluate")(gate.evaluate_command)
app.command("gate")(gate.gate_command)
app.command("names")(delivery.names_command)
app.command("changed-stacks")(delivery.changed_stacks_command)
app.command("rendered-diff")(delivery.rendered_diff_command)
app.command("plan")(delivery.plan_command)
app.command("apply-approved")(delivery.apply_approved_command)
app.command("secret-scan")(delivery.secret_scan_command)


def _render(environments: tuple[Environment, ...], *, out: Path, only: str | None) -> Rendering:
    """Render and show how far it is, or exit with what went wrong."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        total = len(environments) if only is None else 1
        tasks = {plane: bars.add_task(plane, total=total, last="starting") for plane in PLANES}
        try:
            return render(
                environments,
                out=out,
                only=only,
                progress=lambda plane, name: bars.update(tasks[plane], advance=1, last=name),
            )
        except InvalidEnvironmentError as error:
            bars.stop()
            _fail("The environments break rules; nothing was rendered.", *error.problems)
        except (ForeignFilesError, PlaneFailedError) as error:
            bars.stop()
            _fail(str(error))


def _release(
    environments: tuple[Environment, ...], target: Environment, image: Image, digest: str
) -> None:
    """Edit, render and show what changed; an exit on the way takes the edit back."""
    if Names(target).digest(image) == digest:
        console.print(f"{target.name} already runs the {image} {digest}: nothing to change")
        return
    # Beside the file that is edited, wherever the command is typed.
    rendered = images.FILE.parent.parent / RENDERED
    before = tree.texts(rendered, only=target.name)
    with release.edited(image, digest, environment=target.name):
        released = release.reread(environments)
        after = _render(released, out=rendered, only=target.name).files
    now = _one_environment(released, target.name)
    console.print(f"{target.name}, {image}:", markup=False)
    console.print(f"  was {Names(target).digest(image)}\n  now {digest}", highlight=False)
    console.print("  environments/images.json", highlight=False)
    for file in release.changed_files(before, after, image=image, was=target, now=now):
        behind = "" if file.image_only else "  (in more than the image: it was behind its sources)"
        console.print(f"  rendered/{file.path}{behind}", highlight=False, markup=False)
    console.print("Commit these together; Argo CD runs the image once they are merged.")


def _one_environment(environments: tuple[Environment, ...], name: str) -> Environment:
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments)
    _fail(f"There is no environment {name!r}. Known: {known} (environments/registry.py).")


def _environments() -> tuple[Environment, ...]:
    """The values, or an exit that says where they cannot be read."""
    try:
        from environments.registry import ENVIRONMENTS
    except Exception as error:  # whatever a person can get wrong in a Python file
        _fail(f"The environments cannot be read: {summary.where_it_failed(error)}")
    return ENVIRONMENTS


def _fail(message: str, *details: str) -> NoReturn:
    # The terminal wraps, so that a command in the message can be copied whole.
    errors.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    for detail in details:
        errors.print(f"  • {detail}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)


def run() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    run()
