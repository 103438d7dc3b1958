"""docs/images.md, from which people build images, lists what the containers get here."""

import re

import pytest

from environments.images import Image
from environments.names import App
from k8s import worker
from k8s.parts import pods, stores
from k8s.parts.load_balancer import DRAINING_SECONDS
from tests.support.manifests import Manifest, all_of, one
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "images.md").read_text()
PROGRAMS = {App.ORCHESTRATOR: Image.ORCHESTRATOR, App.WORKER: Image.WORKER}

Manifests = dict[str, dict[App, list[Manifest]]]


def variables(section: str) -> dict[str, set[str]]:
    """Program in the page's table → its variables."""
    found: dict[str, set[str]] = {}
    for names, whom in re.findall(r"^\| (`[A-Z0-9_`, ]+`) \| (.+?) \|", section, re.MULTILINE):
        found.setdefault(whom.strip("`"), set()).update(re.findall(r"[A-Z0-9_]+", names))
    return found


@pytest.mark.parametrize("app", PROGRAMS)
def test_the_page_lists_exactly_the_variables_that_a_container_gets(
    manifests: Manifests, app: App
) -> None:
    objects = manifests["prod"][app]
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    maps = {found["metadata"]["name"]: found["data"] for found in all_of(objects, "ConfigMap")}
    given = {variable["name"] for variable in container.get("env", ())}
    for source in container["envFrom"]:
        given |= set(maps[source["configMapRef"]["name"]])
    listed = variables(PAGE)
    assert listed["both"] | listed[PROGRAMS[app]] == given


def test_the_page_names_every_image() -> None:
    for image in Image:
        assert f"| `{image}` |" in PAGE


@pytest.mark.parametrize("app", PROGRAMS)
def test_the_page_lists_every_path_and_port_that_a_probe_uses(
    manifests: Manifests, app: App
) -> None:
    (container,) = one(manifests["prod"][app], "Deployment")["spec"]["template"]["spec"][
        "containers"
    ]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        request = container[probe]["httpGet"]
        assert re.search(
            rf"^\|[^|]*\| {ports[request['port']]} \| `{request['path']}` \|", PAGE, re.M
        )


def test_the_page_has_the_limits_that_programs_must_keep() -> None:
    for figure in (
        f"user and group {pods.USER_ID}",
        f"`/tmp` ({pods.TMP_LIMIT_MIB // 1024} GiB)",
        stores.RDS_CA_FILE,
        f"{DRAINING_SECONDS} seconds at most",
        f"within {worker.TERMINATION_GRACE_SECONDS} seconds",
    ):
        assert figure in PAGE


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_program_keeps_connections_longer_than_the_load_balancer(
    manifests: Manifests, name: str
) -> None:
    """Otherwise the load balancer answers 502 to a request that meets a closing connection."""
    objects = manifests[name][App.ORCHESTRATOR]
    annotations = one(objects, "Ingress")["metadata"]["annotations"]
    attributes = dict(
        attribute.split("=")
        for attribute in annotations["alb.ingress.kubernetes.io/load-balancer-attributes"].split(
            ","
        )
    )
    settings = [found["data"] for found in all_of(objects, "ConfigMap")]
    (kept,) = (data["KEEP_ALIVE_SECONDS"] for data in settings if "KEEP_ALIVE_SECONDS" in data)
    assert int(kept) > int(attributes["idle_timeout.timeout_seconds"])
    assert "`KEEP_ALIVE_SECONDS`" in PAGE
