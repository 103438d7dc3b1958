"""Which files below a rendered folder were rendered, which are Terraform's, and which are neither."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from bindings.yaml_text import to_yaml
from environments.names import LOCK_FILE, TERRAFORM_FILE
from evalctl.rendering.changes import Change, text_of

_SHOWN = 10
OVERVIEW_TITLE = "# The environment "  # the first words of an environment's page

# Files that rendering writes, as paths below an environment's folder.
_RENDERED = re.compile(
    rf"""
    terraform/[^/]+/({re.escape(TERRAFORM_FILE)}|{re.escape(LOCK_FILE)})
    | (k8s/[^/]+|dashboards|argocd|preview)/[A-Z][A-Za-z]*-[^/]+\.yaml
    | argocd-install/([A-Z][A-Za-z]*|patch)-[^/]+\.yaml
    | (argocd-install|preview)/kustomization\.yaml
    | README\.md
    """,
    re.VERBOSE,
)
# What Terraform keeps in its working folder, or reads there besides the rendered file: Terraform's
# documentation of state, workspaces, override files, variable files and crash logs. `import.tf.json` is
# docs/interrupted-apply.md's, and `tfplan` is the name that `evalctl plan` uses.
_TERRAFORMS = re.compile(
    r"""
    terraform/([^/]+/)*
    (
      \.terraform | terraform\.tfstate\.d  # folders, with everything in them
      | terraform\.tfstate(\..+)? | errored\.tfstate | \.terraform\.tfstate\.lock\.info
      | (.+_)?override\.tf(\.json)? | import\.tf(\.json)? | .+\.tfvars(\.json)?
      | (.+\.)?tfplan | crash(\..+)?\.log
    )
    """,
    re.VERBOSE,
)


class ForeignFilesError(Exception):
    """The folder to write holds something that neither rendering nor Terraform wrote."""


def texts(out: Path, *, only: str | None) -> dict[str, str]:
    """Path below `out` → text, of all rendered files or of one environment's. Terraform's are left out.

    Raises:
        ForeignFilesError: something else is there.
    """
    if out.exists() and not out.is_dir():
        raise ForeignFilesError(f"{out} is a file; name a folder")
    found: dict[str, str] = {}
    foreign = []
    for file in _files(out if only is None else out / only, out):
        path = file.relative_to(out).as_posix()
        if not file.is_symlink() and file.is_file() and _RENDERED.fullmatch(_below(path)):
            found[path] = text_of(file) or ""
        else:
            foreign.append(file)
    _refuse(foreign, "not rendered, and it is no file that Terraform keeps")
    return found


def changes(out: Path, fresh: dict[str, str], *, only: str | None) -> list[Change]:
    """What makes the rendered files below `out` the fresh ones (path below `out` → text).

    Raises:
        ForeignFilesError: a file that is no longer rendered is not as rendering wrote it.
    """
    old = texts(out, only=only)
    gone = sorted(old.keys() - fresh.keys())
    _refuse(
        [out / path for path in gone if not _as_written(path, old[path])],
        "not rendered from these values, and not in the form in which rendering writes",
    )
    written = [Change(out / path, text_of(out / path), text) for path, text in fresh.items()]
    return [*written, *(Change(out / path, old[path], None) for path in gone)]


def _files(folder: Path, out: Path) -> Iterator[Path]:
    """Everything below the folder that is no folder, except what is Terraform's."""
    if folder.is_symlink() and folder != out:
        yield folder
    elif folder.is_dir():
        for entry in sorted(folder.iterdir()):
            if not _TERRAFORMS.fullmatch(_below(entry.relative_to(out).as_posix())):
                yield from _files(entry, out)
    elif folder.exists():
        yield folder


def _below(path: str) -> str:
    """The part of a path below `out` that is below its environment's folder."""
    return path.partition("/")[2]


def _as_written(path: str, text: str) -> bool:
    """Whether the file, which is no longer rendered, has the name and the bytes that rendering gives."""
    file = PurePosixPath(path)
    try:
        if file.name == LOCK_FILE:
            return True  # `terraform init` writes it again
        if file.name == "README.md":
            return text.startswith(OVERVIEW_TITLE)
        if file.name == TERRAFORM_FILE:
            environment, _, stack, _ = file.parts
            return bool(json.loads(text)["//"]["metadata"]["stackName"] == f"{environment}-{stack}")
        document = yaml.load(text, Loader=yaml.CSafeLoader)
        if (
            file.name[0].isupper()
            and file.stem != f"{document['kind']}-{document['metadata']['name']}"
        ):
            return False
        return to_yaml(document) == text
    except (ValueError, KeyError, TypeError, yaml.YAMLError):
        return False


def _refuse(files: list[Path], why: str) -> None:
    if files:
        names = "\n".join(f"  {file}" for file in files[:_SHOWN])
        more = f"\n  and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        raise ForeignFilesError(
            f"Nothing was written. Move this away, or delete it; it was {why}:\n{names}{more}"
        )
