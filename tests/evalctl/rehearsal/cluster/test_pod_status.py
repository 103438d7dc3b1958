"""A refused pod has the status that a kubelet would write."""

from dataclasses import replace

from lightkube.models.core_v1 import PodStatus
from lightkube.resources.core_v1 import Pod

from evalctl.rehearsal.cluster.pod_status import event, refused_status, shows
from evalctl.rehearsal.cluster.refusals import Effect, Refusal
from tests.evalctl.rehearsal.cluster.objects import CREATED, of, pod

POD = pod("""
initContainers: [{name: init, image: 'i:1'}]
containers: [{name: a, image: 'a:1'}, {name: b, image: 'b:1'}]
nodeName: node
""")
MISSING = Refusal(
    pod="apps/one",
    object="Secret apps/s",
    reason='secret "s" not found',
    effect=Effect.NO_CONFIGURATION,
    container="a",
)


def status(*refusals: Refusal) -> PodStatus:
    return refused_status(POD, refusals, CREATED)


def states(found: PodStatus) -> dict[str, str]:
    """Each container's state, as `kubectl get pods` shows it."""
    shown = {}
    for one in [*(found.initContainerStatuses or ()), *(found.containerStatuses or ())]:
        assert one.state is not None
        if one.state.waiting:
            shown[one.name] = one.state.waiting.reason or ""
        else:
            shown[one.name] = "Completed" if one.state.terminated else "Running"
    return shown


def ready(found: PodStatus) -> str:
    (condition,) = (one for one in found.conditions or () if one.type == "Ready")
    return condition.status


def test_a_container_without_its_configuration_waits_and_the_others_run() -> None:
    found = status(MISSING)
    assert states(found) == {
        "init": "Completed",
        "a": "CreateContainerConfigError",
        "b": "Running",
    }
    assert (found.phase, ready(found)) == ("Pending", "False")


def test_an_init_container_without_its_image_keeps_the_others_waiting() -> None:
    found = status(replace(MISSING, effect=Effect.NO_IMAGE, container="init"))
    assert states(found) == {
        "init": "ErrImagePull",
        "a": "PodInitializing",
        "b": "PodInitializing",
    }


def test_no_container_starts_without_the_volumes() -> None:
    found = status(replace(MISSING, effect=Effect.NO_VOLUMES, container=None))
    assert set(states(found).values()) == {"PodInitializing"}
    assert found.phase == "Pending"


def test_a_container_whose_probe_fails_runs_and_is_not_ready() -> None:
    found = status(replace(MISSING, effect=Effect.NOT_READY))
    assert states(found)["a"] == "Running"
    assert (found.phase, ready(found)) == ("Running", "False")
    assert [one.ready for one in found.containerStatuses or ()] == [False, True]


def test_the_status_is_written_again_only_when_it_changes() -> None:
    written = of(Pod, {"status": status(MISSING).to_dict()}).status
    assert shows(written, status(MISSING))
    assert not shows(written, status(replace(MISSING, reason="another")))
    assert not shows(POD.status, status(MISSING))


def test_an_event_names_the_object() -> None:
    found = event(POD, MISSING, CREATED)
    assert (found.reason, found.message) == ("Failed", 'Error: secret "s" not found')
    assert found.involvedObject.name == "one"
