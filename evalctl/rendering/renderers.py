"""The two programs that render: `python -O -m evalctl.rendering.renderers RENDERER FOLDER IMAGES`.

IMAGES is JSON: environment → image → digest. Each program is a process with a Node of its own, so both can run at the same time. It prints the name of an
environment when that one is written. With -O the provider's bindings do not check the type of every
argument, which takes a third of the time; mypy has checked our arguments.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from environments.images import Image
from environments.names import LOCK_FILE, TERRAFORM_FILE, Names, Stack
from environments.spec import Environment

Renderer = Callable[[Environment], dict[str, str]]  # path from the repository's root → text


def aws(env: Environment) -> dict[str, str]:
    """The AWS plane: the stacks as Terraform JSON, each with the provider's lock file."""
    from stacks.app import synthesize

    names = Names(env)
    with TemporaryDirectory() as outdir:
        stacks = synthesize([env], outdir=Path(outdir))
        written = {
            path: stacks / f"{env.name}-{stack}" / name
            for stack in Stack
            for path, name in (
                (names.stack_file(stack), TERRAFORM_FILE),
                (names.stack_lock(stack), LOCK_FILE),
            )
        }
        return {path: file.read_text(encoding="utf-8") for path, file in written.items()}


def kubernetes(env: Environment) -> dict[str, str]:
    """The other three planes as YAML: apps, dashboards and alerts, and the Applications of Argo CD."""
    from argocd import app as argocd
    from argocd import installation
    from bindings.yaml_text import to_yaml
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


RENDERERS: dict[str, Renderer] = {"AWS": aws, "Kubernetes and Argo CD": kubernetes}


def main(renderer: str, folder: str, images: str) -> int:
    """Write the files of one renderer, without the leading `rendered/`, for the environments in `images`.

    The digests are those of the caller: a release renders before it writes them into images.json.
    """
    from environments.registry import ENVIRONMENTS

    digests = json.loads(images)
    for env in ENVIRONMENTS:
        if env.name in digests:
            running = {Image(image): digest for image, digest in digests[env.name].items()}
            files = RENDERERS[renderer](replace(env, images=running))
            for path, text in files.items():
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
    from bindings.aws_provider import ProviderLayoutError
    from evalctl import failures

    try:
        sys.exit(main(*sys.argv[1:]))
    except ProviderLayoutError as error:
        sys.exit(str(error))
    except Exception as error:
        if (sentence := failures.sentence(error)) is None:
            raise
        sys.exit(sentence)
