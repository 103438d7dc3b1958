"""Everything that is rendered, counted by stack, app and add-on."""

from collections import Counter
from collections.abc import Iterator

from environments.names import App, Stack, namespace_of
from environments.spec import Environment
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import objects
from evalctl.parsed.terraform import resources


def inventory(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """Resources of each stack, objects of each app, and the Applications of add-ons."""
    del env
    by_stack: dict[Stack, Counter[str]] = {stack: Counter() for stack in Stack}
    for resource in resources(rendered):
        by_stack[resource.stack][resource.type] += 1
    yield from table(
        ("stack", "resources", ""),
        ((stack, counts.total(), _listed(counts)) for stack, counts in by_stack.items()),
    )
    yield ""
    yield from table(
        ("app", "namespace", "objects"),
        ((app, namespace_of(app), _listed(_kinds(rendered, f"k8s/{app}"))) for app in App),
    )
    yield ""
    yield from table(
        ("add-on", "namespace", "wave"),
        (
            (
                application.at("spec", "source", "chart").text(),
                application.at("spec", "destination", "namespace").text(),
                application.at("metadata", "annotations", "argocd.argoproj.io/sync-wave").value,
            )
            for application in objects(rendered, "Application")
            if application.at("spec", "source", "chart").present
        ),
    )


def _kinds(rendered: RenderedEnvironment, folder: str) -> Counter[str]:
    """The kinds of a folder's objects, from the names of their files."""
    files = [path.rpartition("/")[2] for path in rendered.texts if path.startswith(f"{folder}/")]
    return Counter(file.partition("-")[0] for file in files)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
