"""The rendered files of one environment, from the checkout or from a git revision; each is parsed once."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from environments.names import TERRAFORM_FILE, Stack
from evalctl.kubernetes_yaml import rendered_documents
from evalctl.parsed.strict_json import json_value
from evalctl.processes import CommandFailedError, output

_MEBIBYTES = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}


class UnreadableFileError(Exception):
    """A rendered file is missing or cannot be read; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack's Terraform."""

    stack: str
    type: str
    name: str
    body: Mapping[str, Any]
    region: str

    @property
    def address(self) -> str:
        return f"{self.stack}: {self.type}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Volumes of one size that pods of a workload claim."""

    file: str
    gib: float
    replicas: int


@dataclass(frozen=True, kw_only=True)
class RenderedEnvironment:
    """What costs money in the rendered files: Terraform's resources, and what the cluster makes."""

    region: str
    resources: tuple[Resource, ...]
    load_balancers: tuple[str, ...]  # the files of the Ingresses
    claims: tuple[Claim, ...]

    def of_type(self, type_: str) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.type == type_)


def in_folder(rendered: Path, env: str) -> RenderedEnvironment:
    """The environment as a rendered folder has it, usually the checkout's `rendered/`.

    Raises:
        UnreadableFileError: a file is missing, or is neither JSON nor YAML.
    """
    files = {
        f"rendered/{file.relative_to(rendered).as_posix()}": file
        for file in sorted((rendered / env).rglob("*.*"))
    }
    for stack in Stack:
        file = f"rendered/{env}/terraform/{stack}/{TERRAFORM_FILE}"
        if files and file not in files:  # without any file, the environment is not rendered
            raise UnreadableFileError(f"{file} is missing; run `evalctl render`")
    return _read(env, list(files), lambda name: files[name].read_text(errors="replace"))


def of_texts(env: str, texts: Mapping[str, str]) -> RenderedEnvironment:
    """The environment from its files' texts, by their path below its folder.

    Raises:
        UnreadableFileError: a file is missing, or is neither JSON nor YAML.
    """
    files = {f"rendered/{env}/{path}": text for path, text in texts.items()}
    return _read(env, list(files), files.__getitem__)


def at_revision(root: Path, env: str, revision: str) -> RenderedEnvironment | None:
    """The same at a commit, branch or tag; None if the environment does not exist there.

    Raises:
        UnreadableFileError: git does not know the revision, or a file there cannot be read.
    """
    named = ("--verify", "--end-of-options", f"{revision}^{{commit}}")
    commit = _git(root, "rev-parse", *named).strip()
    listed = _git(root, "ls-tree", "-r", "--name-only", commit, "--", f"rendered/{env}")
    if not listed:
        return None
    return _read(env, listed.splitlines(), lambda name: _git(root, "show", f"{commit}:{name}"))


def _git(root: Path, *arguments: str) -> str:
    try:
        return output(("git", *arguments), folder=root)
    except CommandFailedError as error:
        raise UnreadableFileError(
            f"Git cannot compare: {error.reason}. Name a commit or branch that is there, "
            "as in --compare origin/main"
        ) from error


def _read(env: str, files: list[str], text_of: Callable[[str], str]) -> RenderedEnvironment:
    def matching(pattern: str) -> Iterator[tuple[str, str]]:
        for name in files:
            if fnmatch(name, f"rendered/{env}/{pattern}"):
                yield name, text_of(name)

    stacks = dict(matching(f"terraform/*/{TERRAFORM_FILE}"))
    if not stacks:
        raise UnreadableFileError(
            f"rendered/{env}/terraform has no stack; run `evalctl render` first"
        )
    resources = tuple(
        resource for name, text in stacks.items() for resource in _resources(name, text)
    )
    if not resources:
        raise UnreadableFileError(
            f"rendered/{env}/terraform has no resources; run `evalctl render` first"
        )
    volumes = [*matching("argocd/Application-*.yaml"), *matching("k8s/*/*.yaml")]
    return RenderedEnvironment(
        region=resources[0].region,
        resources=resources,
        load_balancers=tuple(name for name, _ in matching("k8s/*/Ingress-*.yaml")),
        claims=tuple(claim for name, text in volumes for claim in _claims(name, text)),
    )


def _resources(name: str, text: str) -> Iterator[Resource]:
    stack = name.split("/")[-2]
    try:
        document: Any = json_value(text)
        providers = document["provider"]["aws"]
        regions = {provider.get("alias"): provider["region"] for provider in providers}
        for type_, named in document.get("resource", {}).items():
            for resource, body in named.items():
                alias = body.get("provider", "aws").partition(".")[2] or None
                yield Resource(
                    stack=stack, type=type_, name=resource, body=body, region=regions[alias]
                )
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise UnreadableFileError(
            f"{name}: this is not what a render writes ({type(error).__name__}: {error}); "
            "run `evalctl render`"
        ) from error


def _claims(name: str, text: str) -> Iterator[Claim]:
    if "olumeClaim" not in text:  # parsing every manifest would take a second
        return
    try:
        for document in rendered_documents(text):
            if document.get("kind") == "PersistentVolumeClaim":
                yield Claim(file=name, gib=_gib(document["spec"]), replicas=1)
            else:
                yield from _templates(name, document)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableFileError(
            f"{name}: the claims of volumes cannot be read: {error}"
        ) from error


def _templates(name: str, value: Any) -> Iterator[Claim]:
    """The templates below a mapping that also sets how many replicas use them."""
    if isinstance(value, list):
        for item in value:
            yield from _templates(name, item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "volumeClaimTemplates":
                templates = [template["spec"] for template in inner]
            elif isinstance(inner, dict) and "volumeClaimTemplate" in inner:
                templates = [inner["volumeClaimTemplate"]["spec"]]
            else:
                yield from _templates(name, inner)
                continue
            for template in templates:
                yield Claim(file=name, gib=_gib(template), replicas=int(value.get("replicas", 1)))


def _gib(claim: dict[str, Any]) -> float:
    size = str(claim["resources"]["requests"]["storage"])
    match = re.fullmatch(r"([0-9]+)(Mi|Gi|Ti)", size)
    if match is None:
        raise ValueError(f'{size!r} is not a size such as "50Gi"')
    return int(match[1]) * _MEBIBYTES[match[2]] / 1024
