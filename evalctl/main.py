"""`evalctl`: what a person or a pipeline types."""

import typer

from evalctl.commands import check, delivery, deploy, gate, release, render

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)
dashboards = typer.Typer(no_args_is_help=True, help="The boards of an environment.")
app.add_typer(dashboards, name="dashboards")

app.command("render")(render.render_command)
app.command("docs")(render.docs_command)
dashboards.command("preview")(render.preview_command)
app.command("release")(release.release_command)
app.command("promote")(release.promote_command)
app.command("check")(check.check_command)
app.command("versions")(check.versions_command)
app.command("plan-guard")(check.plan_guard_command)
app.command("rehearse")(deploy.rehearse_command)
app.command("bootstrap")(deploy.bootstrap_command)
app.command("teardown")(deploy.teardown_command)
app.command("evaluate")(gate.evaluate_command)
app.command("gate")(gate.gate_command)
app.command("names")(delivery.names_command)
app.command("changed-stacks")(delivery.changed_stacks_command)
app.command("rendered-diff")(delivery.rendered_diff_command)
app.command("plan")(delivery.plan_command)
app.command("apply-approved")(delivery.apply_approved_command)
app.command("secret-scan")(delivery.secret_scan_command)


def run() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    run()
