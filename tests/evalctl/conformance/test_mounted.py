"""Files as the kubelet lays them out, with what External Secrets' templates make of values."""

from pathlib import Path

import pytest
import yaml

from environments.names import App
from evalctl.conformance.mounted import SecretFiles, write_volume
from evalctl.conformance.pod import UnreadableManifestsError


def external_secret(folder: Path, template: str) -> SecretFiles:
    """A Secret named `one` whose key `url` has this template of the field `password`."""
    spec = {
        "data": [{"secretKey": "password", "remoteRef": {"key": "entry", "property": "password"}}],
        "target": {"template": {"data": {"url": template}}},
    }
    file = folder / "k8s" / App.SECRETS / "ExternalSecret-one.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump({"spec": spec}))
    return SecretFiles(folder, folder / "root", {"entry": {"password": "a b'c"}})


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ .password }}", "a b'c"),
        ("x:{{ .password | urlquery }}@h", "x:a+b%27c@h"),
        ("""{{ .password | replace "'" "''" | urlquery }}""", "a+b%27%27c"),
    ],
)
def test_templates_are_filled_in(tmp_path: Path, template: str, value: str) -> None:
    assert external_secret(tmp_path, template).keys("one") == {"url": value}


@pytest.mark.parametrize(
    "template", ["{{ .password | b64enc }}", "{{ .other }}", "{{ if .password }}x{{ end }}"]
)
def test_a_template_that_cannot_be_filled_in_is_refused_with_its_file(
    tmp_path: Path, template: str
) -> None:
    with pytest.raises(UnreadableManifestsError, match=r"ExternalSecret-one\.yaml"):
        external_secret(tmp_path, template).keys("one")


def test_a_missing_external_secret_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableManifestsError, match=r"ExternalSecret-two\.yaml is missing"):
        external_secret(tmp_path, "x").keys("two")


def test_paths_of_the_pod_become_paths_below_the_root(tmp_path: Path) -> None:
    files = SecretFiles(tmp_path, tmp_path / "root", {})
    local = files.local(
        "sslrootcert=/etc/ssl/certs/rds.pem and /etc/eval-platform/x and /etc/hosts"
    )
    root = tmp_path / "root"
    assert local == (
        f"sslrootcert={root}/etc/ssl/certs/rds.pem and {root}/etc/eval-platform/x and /etc/hosts"
    )


def test_a_volume_is_replaced_at_once(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    write_volume(volume, {"a": "1", "b": "1"})
    opened = (volume / "a").open()
    before = (volume / "..data").readlink()

    write_volume(volume, {"a": "2", "b": "2"})

    assert opened.read() == "1"  # who has the old file open reads it to its end
    opened.close()
    assert ((volume / "a").read_text(), (volume / "b").read_text()) == ("2", "2")
    assert (volume / "a").readlink() == Path("..data/a")
    assert (volume / "..data").readlink() != before
    assert not (volume / before).exists()
    assert (volume / "a").stat().st_mode & 0o777 == 0o440
