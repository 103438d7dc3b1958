"""What a kubelet refuses, and in which words."""

from dataclasses import replace

import pytest
from lightkube.resources.core_v1 import (
    ConfigMap,
    PersistentVolume,
    PersistentVolumeClaim,
    Secret,
    Service,
)

from environments.dev import DEV
from environments.images import Image
from environments.names import Names
from environments.spec import Compute, Previews
from evalctl.rehearsal.cluster.images import registry
from evalctl.rehearsal.cluster.refusals import Effect, Refusal, refusals
from evalctl.rehearsal.cluster.state import Snapshot, name_of
from tests.evalctl.rehearsal.cluster.objects import (
    ACCOUNT,
    NAMES,
    ZONES,
    config_map,
    node,
    of,
    pod,
    secret,
)


def found(
    spec: str,
    *,
    config_maps: tuple[ConfigMap, ...] = (),
    secrets: tuple[Secret, ...] = (),
    services: tuple[Service, ...] = (),
    accounts: bool = True,
) -> list[Refusal]:
    snapshot = Snapshot(
        config_maps=config_maps,
        secrets=secrets,
        services=services,
        service_accounts=(ACCOUNT,) if accounts else (),
    )
    return list(refusals(pod(spec, labels={"app": "a"}), snapshot, registry(NAMES)))


def container(rest: str) -> str:
    return f"containers: [{{name: a, image: 'a:1', {rest}}}]"


def reasons(refused: list[Refusal]) -> list[tuple[str, str, Effect]]:
    return [(refusal.object, refusal.reason, refusal.effect) for refusal in refused]


def test_a_pod_with_all_that_it_names_is_not_refused() -> None:
    spec = """
    containers:
    - name: a
      image: a:1
      env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: k}}}]
      envFrom: [{configMapRef: {name: c}}]
      ports: [{name: http, containerPort: 80}]
      readinessProbe: {httpGet: {port: http}}
      livenessProbe: {tcpSocket: {port: 80}}
    volumes:
    - {name: one, secret: {secretName: s, items: [{key: k, path: p}]}}
    - {name: two, projected: {sources: [{configMap: {name: c}}, {secret: {name: s}}]}}
    """
    assert found(spec, config_maps=(config_map("c"),), secrets=(secret("s", "k"),)) == []


@pytest.mark.parametrize(
    ("rest", "named", "reason"),
    [
        (
            "env: [{name: X, valueFrom: {secretKeyRef: {name: absent, key: k}}}]",
            "Secret apps/absent",
            'secret "absent" not found',
        ),
        (
            "env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: absent}}}]",
            "Secret apps/s",
            "couldn't find key absent in Secret apps/s",
        ),
        (
            "env: [{name: X, valueFrom: {configMapKeyRef: {name: c, key: absent}}}]",
            "ConfigMap apps/c",
            "couldn't find key absent in ConfigMap apps/c",
        ),
        (
            "envFrom: [{configMapRef: {name: absent}}]",
            "ConfigMap apps/absent",
            'configmap "absent" not found',
        ),
        (
            "envFrom: [{secretRef: {name: absent}}]",
            "Secret apps/absent",
            'secret "absent" not found',
        ),
    ],
)
def test_variables_need_their_objects_and_keys(rest: str, named: str, reason: str) -> None:
    """A pod in another namespace could have them: the same names there do not count."""
    maps, secrets = (config_map("c", "k"),), (secret("s", "k"),)
    refused = found(container(rest), config_maps=maps, secrets=secrets)
    assert reasons(refused) == [(named, reason, Effect.NO_CONFIGURATION)]
    assert refused[0].container == "a"


@pytest.mark.parametrize(
    ("volume", "named", "reason"),
    [
        ("secret: {secretName: absent}", "Secret apps/absent", 'secret "absent" not found'),
        ("configMap: {name: absent}", "ConfigMap apps/absent", 'configmap "absent" not found'),
        (
            "secret: {secretName: s, items: [{key: absent, path: p}]}",
            "Secret apps/s",
            "references non-existent secret key: absent",
        ),
        (
            "projected: {sources: [{configMap: {name: c, items: [{key: absent, path: p}]}}]}",
            "ConfigMap apps/c",
            "references non-existent config key: absent",
        ),
        (
            "projected: {sources: [{secret: {name: absent}}]}",
            "Secret apps/absent",
            'secret "absent" not found',
        ),
    ],
)
def test_volumes_need_their_objects_and_keys(volume: str, named: str, reason: str) -> None:
    spec = f"{{{container('')}, volumes: [{{name: v, {volume}}}]}}"
    refused = found(spec, config_maps=(config_map("c", "k"),), secrets=(secret("s", "k"),))
    words = f'MountVolume.SetUp failed for volume "v" : {reason}'
    assert reasons(refused) == [(named, words, Effect.NO_VOLUMES)]


def test_what_is_optional_may_be_absent() -> None:
    assert (
        found("""
    containers:
    - name: a
      image: a:1
      env: [{name: X, valueFrom: {secretKeyRef: {name: absent, key: k, optional: true}}}]
      envFrom: [{configMapRef: {name: absent, optional: true}}]
    volumes:
    - {name: one, secret: {secretName: absent, optional: true}}
    - {name: two, projected: {sources: [{configMap: {name: absent, optional: true}}]}}
    """)
        == []
    )


def test_a_service_account_must_exist() -> None:
    assert reasons(found(container(""), accounts=False)) == [
        (
            "ServiceAccount apps/default",
            'failed to fetch token: serviceaccounts "default" not found',
            Effect.NO_VOLUMES,
        )
    ]


# Ports


@pytest.mark.parametrize("port", ["https", "81"])
@pytest.mark.parametrize("probe", ["startup", "readiness", "liveness"])
def test_a_probe_needs_a_port_that_a_container_has(probe: str, port: str) -> None:
    rest = (
        f"ports: [{{name: http, containerPort: 80}}], {probe}Probe: {{httpGet: {{port: {port}}}}}"
    )
    assert reasons(found(container(rest))) == [
        (
            f"{probe} probe of container a",
            f"{probe.capitalize()} probe failed: no container has the port {port}",
            Effect.NOT_READY,
        )
    ]


def test_a_pod_that_declares_no_port_may_have_any() -> None:
    assert found(container("readinessProbe: {tcpSocket: {port: 81}}")) == []


@pytest.mark.parametrize(
    ("target", "served"),
    [("http", True), ("80", True), ("web", False), ("81", False)],
)
def test_a_service_needs_a_port_that_its_pods_have(target: str, served: bool) -> None:
    """The pod is ready nevertheless: nothing checks it but this."""
    port: dict[str, object] = {
        "port": 8080,
        "targetPort": int(target) if target.isdigit() else target,
    }
    service = of(
        Service,
        {
            "metadata": {"name": "web", "namespace": "apps"},
            "spec": {"selector": {"app": "a"}, "ports": [port]},
        },
    )
    other = of(
        Service,
        {
            "metadata": {"name": "other", "namespace": "apps"},
            "spec": {"selector": {"app": "b"}, "ports": [{"port": 1}]},
        },
    )
    refused = found(
        container("ports: [{name: http, containerPort: 80}]"), services=(service, other)
    )
    words = f"no container has the port {target}, the target of port 8080"
    expected = [] if served else [("Service apps/web", words, Effect.NOT_SERVED)]
    assert reasons(refused) == expected


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("http://web.apps.svc", 80),
        ("https://web.apps.svc.cluster.local/metrics", 443),
        ("http://web.apps.svc:8080", None),
        ("http://web.apps.svc:9091", 9091),
        ("http://web.example.com:9091", None),
    ],
)
@pytest.mark.parametrize("text", ["args: [--url={}]", "env: [{{name: URL, value: {}}}]"])
def test_a_service_that_a_pod_calls_must_have_that_port(
    address: str, port: int | None, text: str
) -> None:
    service = of(
        Service,
        {"metadata": {"name": "web", "namespace": "apps"}, "spec": {"ports": [{"port": 8080}]}},
    )
    refused = found(container(text.format(f'"{address}"')), services=(service,))
    words = f"the container a calls its port {port}, which it does not have"
    expected = [] if port is None else [("Service apps/web", words, Effect.NOT_SERVED)]
    assert reasons(refused) == expected


# Volumes


@pytest.mark.parametrize("zone", ZONES[:2])
def test_a_volume_must_be_in_the_zone_of_the_node(zone: str) -> None:
    term = {"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}
    volume = of(
        PersistentVolume,
        {
            "metadata": {"name": "pvc-1"},
            "spec": {
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
            },
        },
    )
    claim = of(
        PersistentVolumeClaim,
        {"metadata": {"name": "data", "namespace": "apps"}, "spec": {"volumeName": "pvc-1"}},
    )
    here = node(zone=ZONES[0])
    mounted = pod(
        f"{{{container('')}, nodeName: {name_of(here)}, "
        "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}"
    )
    snapshot = Snapshot(
        nodes=(here,), volumes=(volume,), claims=(claim,), service_accounts=(ACCOUNT,)
    )
    refused = list(refusals(mounted, snapshot, registry(NAMES)))
    assert bool(refused) is (zone != ZONES[0])
    assert all(refusal.object == "PersistentVolume pvc-1" for refusal in refused)


# Images

OURS = NAMES.image(Image.WORKER)
REPOSITORY = OURS.partition("@")[0]


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        (OURS, True),
        (f"{REPOSITORY}@sha256:{64 * 'b'}", False),
        (f"{REPOSITORY}:1.0", False),
        (f"{REPOSITORY}:candidate-{40 * 'a'}", False),  # prod has no previews
        (f"{NAMES.image_registry}/ai-eval-platform-prod/other@sha256:{64 * '0'}", False),
        (Names(DEV).image(Image.WORKER), True),  # another account's registry
        ("quay.io/argoproj/argocd:v3.5.4", True),
        ("localhost:5000/tool:1", True),
        ("localhost:5000/tool", False),
        ("busybox", False),
        ("busybox:latest", False),
        (f"busybox:latest@sha256:{64 * '0'}", True),
    ],
)
def test_images_are_those_of_the_environment_or_cannot_change(image: str, pulled: bool) -> None:
    assert (registry(NAMES).problem(image) is None) is pulled


def test_previews_pull_the_images_of_commits() -> None:
    size = Compute.of(cpu="1m", cpu_limit="1m", memory="1Mi", memory_limit="1Mi")
    previews = Previews(
        repository_owner="o",
        repository_name="r",
        label="preview",
        max_age_hours=1,
        workers=1,
        worker_compute=size,
        orchestrator_compute=size,
    )
    names = Names(replace(DEV, previews=previews))
    allowed = registry(names)
    worker = names.image(Image.WORKER).partition("@")[0]
    schema = names.image(Image.CLICKHOUSE_CLIENT).partition("@")[0]
    assert allowed.problem(f"{worker}:candidate-{40 * 'a'}") is None
    assert allowed.problem(f"{worker}:candidate-main") == "not found"
    assert allowed.problem(f"{schema}:candidate-{40 * 'a'}") == "not found"
    assert registry(Names(DEV)).problem(f"{worker}:candidate-{40 * 'a'}") == "not found"
