"""The files themselves: each can be read, and has the place of what it holds."""

from collections.abc import Iterator

from environments.names import TERRAFORM_FILE, App, Stack
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import name_of
from evalctl.parsed.node import UnusableError


@check(
    title="Each file can be read, no stack and no app is missing, and each object has its own file",
    rests_on="all rendered files: YAML, JSON, kinds and names",
)
def files(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for stack in Stack:
        path = f"terraform/{stack}/{TERRAFORM_FILE}"
        yield require(env.place(path), path in env.texts, "this stack is missing; render it again")
        if path in env.texts:
            yield from _declared(env, stack)
    for folder in (*(f"k8s/{app}" for app in App), "dashboards", "argocd", "argocd-install"):
        found = any(path.startswith(f"{folder}/") for path in env.texts)
        yield require(env.place(folder), found, "this folder is missing; render it again")
    for path in sorted(env.texts):
        try:
            document = env.file(path)
            file = path.rpartition("/")[2]
            if file[0].isupper():
                wanted = f"{document['kind'].text()}-{name_of(document)}.yaml"
                yield require(
                    document["metadata"]["name"], file == wanted, f"this belongs to {wanted}"
                )
        except UnusableError as error:
            yield Finding(error.node, error.problem)


def _declared(env: RenderedEnvironment, stack: Stack) -> Iterator[Finding]:
    """The stack has resources, and each has arguments: other checks pass over what is not there."""
    try:
        declared = env.stack(stack)["resource"]
        yield require(declared, bool(declared.entries()), "this stack has no resources")
        for _, named in declared.entries():
            yield require(named, bool(named.entries()), "there is none of this type")
            for _, body in named.entries():
                body.entries()
    except UnusableError as error:
        if error.node.path:  # a file that cannot be read at all is reported below
            yield Finding(error.node, error.problem)
