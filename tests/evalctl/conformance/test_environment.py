"""What a tested program gets is what its rendered pod carries, apart from the printed list."""

from pathlib import Path

import pytest
import yaml

from environments.names import App
from evalctl.conformance.platform import Platform, replacements
from evalctl.conformance.pod import Pod
from evalctl.conformance.scale import FAST, Scale, is_scaled
from tests.evalctl.conformance.conftest import RENDERED

# What the printed list names.
ADDED = {
    *("HOME", "SSL_CERT_FILE", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "AWS_ENDPOINT_URL"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
}
FROM_THE_SHELL = {"PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR"}
REPLACED = {"PORT", "METRICS_PORT", "LISTEN_ADDRESS"}
APPS = pytest.mark.parametrize("app", [App.WORKER, App.ORCHESTRATOR])


def carried(app: App) -> dict[str, str]:
    """The variables of a rendered Deployment, read without the code under test."""
    folder = RENDERED / "k8s" / app
    deployment = yaml.load((folder / f"Deployment-{app}.yaml").read_text(), yaml.CSafeLoader)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        name = source["configMapRef"]["name"]
        found |= yaml.load((folder / f"ConfigMap-{name}.yaml").read_text(), yaml.CSafeLoader)[
            "data"
        ]
    for entry in container.get("env", []):
        found[entry["name"]] = entry.get("value", "from a Secret")
    return found


def pod_of(servers: Platform, app: App) -> Pod:
    return servers.worker if app is App.WORKER else servers.orchestrator


def given(servers: Platform, app: App) -> dict[str, str]:
    pod = pod_of(servers, app)
    return servers.environment(pod, name="one", ports=dict.fromkeys(pod.ports.values(), 1))


@APPS
def test_a_program_gets_the_variables_of_its_pod_and_what_the_list_names(
    servers: Platform, app: App
) -> None:
    assert set(given(servers, app)) - FROM_THE_SHELL == set(carried(app)) | ADDED


@APPS
def test_values_are_those_of_the_pod_apart_from_ports_and_paths(
    servers: Platform, app: App
) -> None:
    got, root = given(servers, app), str(servers.files.root)
    compared = 0
    for name, value in carried(app).items():
        if name not in REPLACED and value != "from a Secret":
            assert got[name].replace(root, "") == value, name
            compared += 1
    assert compared >= 8


@APPS
def test_every_file_that_a_variable_names_is_mounted(servers: Platform, app: App) -> None:
    names = [name for name in carried(app) if name.endswith("_FILE")]
    assert len(names) >= 4
    for name in names:
        assert Path(given(servers, app)[name]).read_text(), name


@APPS
def test_every_mounted_secret_has_the_keys_of_its_external_secret(
    servers: Platform, app: App
) -> None:
    pod = pod_of(servers, app)
    assert pod.mounts
    for mount in pod.mounts:
        folder = servers.files.root / mount.path.lstrip("/")
        file = RENDERED / "k8s" / App.SECRETS / f"ExternalSecret-{mount.name}.yaml"
        template = yaml.load(file.read_text(), yaml.CSafeLoader)["spec"]["target"]["template"].get(
            "data"
        )
        if template is not None:
            assert {path.name for path in folder.iterdir() if ".." not in path.name} == set(
                template
            )


def test_only_times_and_rates_are_scaled() -> None:
    for app in (App.WORKER, App.ORCHESTRATOR):
        rendered = carried(app)
        scaled = Scale(FAST).variables(rendered)
        changed = {name for name in rendered if scaled[name] != rendered[name]}
        assert changed == {name for name in rendered if is_scaled(name)}
        assert Scale(1).variables(rendered) == rendered


def test_the_factor_is_in_the_printed_list_only_if_times_are_scaled(tmp_path: Path) -> None:
    assert any(str(FAST) in line for line in replacements(Scale(FAST), tmp_path))
    assert not any("divided" in line for line in replacements(Scale(1), tmp_path))


def test_a_time_above_a_second_stays_a_whole_number_of_seconds() -> None:
    assert Scale(60).seconds(75) == 2
    assert Scale(60).seconds(900) == 15
    assert Scale(60).seconds(2) == pytest.approx(1 / 30)
