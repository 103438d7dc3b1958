"""What the served copy changes in an object that only an environment with previews has."""

from pathlib import Path

import yaml

from bindings.yaml_text import to_yaml
from environments.names import Names
from evalctl.rehearsal.cluster.served.replacements import Windows, replaced, replacements
from tests.support.previews import PREVIEWED

NAMES = Names(PREVIEWED)
GITHUB = {"owner": "o", "repo": "r", "appSecretName": "key", "labels": ["preview"]}
APPLICATION_SET: dict[str, object] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "ApplicationSet",
    "metadata": {"name": "previews"},
    "spec": {"generators": [{"pullRequest": {"github": GITHUB, "requeueAfterSeconds": 300}}]},
}


def test_pull_requests_come_from_the_stand_in_and_nothing_else_changes(tmp_path: Path) -> None:
    manifest = tmp_path / "install.yaml"
    manifest.write_text("image: quay.io/argoproj/argocd:v0.0.0")
    changes = replacements(
        NAMES,
        repository="file:///served",
        charts={},
        install_manifest=manifest,
        windows=Windows.AS_RENDERED,
        faster=1,
        github="http://127.0.0.1:1/",
    )
    path = f"{NAMES.argocd_folder}/ApplicationSet-previews.yaml"
    served = yaml.safe_load(replaced(path, to_yaml(APPLICATION_SET), changes))
    (generator,) = served["spec"]["generators"]
    assert generator["pullRequest"] == {
        "github": {
            "owner": "o",
            "repo": "r",
            "labels": ["preview"],
            "api": "http://127.0.0.1:1/",
        },
        "requeueAfterSeconds": 300,
    }
