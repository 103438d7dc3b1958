"""Turns each plane's objects into the text of its files; runs in a process of its own per plane.

Imports of a plane happen inside its function: importing one starts Node, and the process that
renders Terraform has no use for cdk8s.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from environments.names import Names, Stack
from environments.spec import Environment

Files = dict[str, str]  # path below rendered/ → text
Progress = Callable[[str], None]  # called with the name of each finished environment


def terraform(environments: Sequence[Environment], done: Progress) -> Files:
    """Each environment's stacks as Terraform JSON."""
    from stacks.app import build

    files: Files = {}
    for env in environments:
        with TemporaryDirectory() as outdir:
            build([env], outdir=Path(outdir)).synth()
            for stack in Stack:
                synthesized = Path(outdir, "stacks", f"{env.name}-{stack}", "cdk.tf.json")
                path = f"{Names(env).stack_folder(stack)}/{synthesized.name}"
                files[path] = synthesized.read_text(encoding="utf-8")
        done(env.name)
    return files


def kubernetes(environments: Sequence[Environment], done: Progress) -> Files:
    """Each environment's Kubernetes objects and what tells Argo CD to sync them, as YAML."""
    from argocd import app as argocd
    from k8s import app as k8s

    files: Files = {}
    for env in environments:
        names = Names(env)
        folders = {names.app_folder(app): objects for app, objects in k8s.build(env).items()}
        folders[names.argocd_folder] = argocd.build(env)
        for folder, objects in folders.items():
            for manifest in objects:
                path = f"{folder}/{_file_name(manifest)}"
                if path in files:
                    raise ValueError(f"two objects would be written to {path}; rename one")
                files[path] = to_yaml(manifest)
        done(env.name)
    return files


def _file_name(manifest: dict[str, object]) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return f"{manifest['kind']}-{metadata['name']}.yaml"


class _Dumper(yaml.CSafeDumper):
    """YAML as people write it: no anchors, and text of several lines as a block."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _text)


def to_yaml(manifest: dict[str, object]) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=100)
