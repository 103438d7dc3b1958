"""Turns each plane's objects into files: `python -O -m evalctl.rendering.program PLANE FOLDER ENVIRONMENT…`.

A program of its own for each plane, so that two can run side by side, each with its own Node. It
prints an environment's name when that one is done. With -O the provider's bindings leave out their
own check of every argument's type, a third of the time; mypy has checked ours.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bindings.aws_provider import ProviderLayoutError
from bindings.yaml_text import to_yaml
from environments.names import TERRAFORM_FILE, Names, Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment

Plane = Callable[[Environment], dict[str, str]]  # path from the repository's root → text


def aws(env: Environment) -> dict[str, str]:
    """The stacks as Terraform JSON."""
    from stacks.app import build

    names = Names(env)
    with TemporaryDirectory() as outdir:
        build([env], outdir=Path(outdir)).synth()
        return {
            names.stack_file(stack): Path(
                outdir, "stacks", f"{env.name}-{stack}", TERRAFORM_FILE
            ).read_text(encoding="utf-8")
            for stack in Stack
        }


def kubernetes(env: Environment) -> dict[str, str]:
    """The Kubernetes objects, what watches them, and what tells Argo CD to sync both, as YAML."""
    from argocd import app as argocd
    from argocd import installation
    from dashboards import app as dashboards
    from k8s import app as k8s
    from k8s import previews

    names = Names(env)
    folders = {names.app_folder(app): objects for app, objects in k8s.build(env).items()}
    folders[names.dashboards_folder] = dashboards.build(env)
    folders[names.argocd_folder] = argocd.build(env)
    files: dict[str, str] = {}
    if env.previews is not None:
        preview = folders[names.preview_folder] = previews.build(env)
        kustomization = previews.kustomization([_file_name(manifest) for manifest in preview])
        files[f"{names.preview_folder}/kustomization.yaml"] = to_yaml(kustomization)
    for folder, objects in folders.items():
        for manifest in objects:
            path = f"{folder}/{_file_name(manifest)}"
            if path in files:
                raise ValueError(f"two objects would be written to {path}; rename one")
            files[path] = to_yaml(manifest)
    for name, document in installation.build(env).items():
        files[f"{names.argocd_installation_folder}/{name}"] = to_yaml(document)
    return files


PLANES: dict[str, Plane] = {"AWS": aws, "Kubernetes and Argo CD": kubernetes}


def main(plane: str, folder: str, *names: str) -> int:
    """Write one plane of these environments below `folder`; `rendered/` itself is left out."""
    for env in ENVIRONMENTS:
        if env.name in names:
            for path, text in PLANES[plane](env).items():
                file = Path(folder, path.removeprefix("rendered/"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            print(env.name, flush=True)
    return 0


def _file_name(manifest: dict[str, object]) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return f"{manifest['kind']}-{metadata['name']}.yaml"


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ProviderLayoutError as error:
        sys.exit(str(error))
