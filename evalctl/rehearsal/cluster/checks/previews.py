"""Whether a pull request gets its preview, and takes it along when it is closed."""

import re
import textwrap
import time

from lightkube import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apiregistration_v1 import APIService
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Namespace
from lightkube.types import PatchType

from environments.names import ARGOCD_NAMESPACE, PREVIEW_NAMESPACE_PREFIX
from environments.spec import Tier
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.checks import merges
from evalctl.rehearsal.cluster.checks.day_two import arrives, change_module, module_of
from evalctl.rehearsal.cluster.cluster import PROMETHEUS_ADAPTER, Cluster
from evalctl.rehearsal.cluster.github import PullRequest
from evalctl.rehearsal.cluster.images import registry
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import name_of
from evalctl.rehearsal.cluster.waiting import not_ready, until

ApplicationSet = create_namespaced_resource(
    "argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets"
)
_PAGE = "docs/previews.md"
_NUMBER = 7
_NAMESPACE = f"{PREVIEW_NAMESPACE_PREFIX}{_NUMBER}"
_SECONDS = 240
# Otherwise Argo CD looks every five minutes.
_REFRESH = {"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}}


async def check(cluster: Cluster) -> Result:
    """Switch previews on as docs/previews.md describes it, open a pull request, close it, switch them off.

    The workers are at their maximum, so the preview's pods find what room is left. prometheus-adapter is away
    when the pull request is closed, as the page describes it too.
    """
    name = "a preview comes with a pull request and goes with it"
    if cluster.env.tier is not Tier.DEVELOPMENT:
        return result(name, [], "only the development tier has previews")
    text = cluster.served.text(module_of(cluster))
    await change_module(cluster, "Previews", with_previews(text, cluster.served.text(_PAGE)))
    before = cluster.parts.kubelet.registry
    cluster.parts.kubelet.registry = lambda: registry(cluster.names, previews=True)
    label = "preview"
    cluster.github.open.append(PullRequest(number=_NUMBER, commit="7" * 40, label=label))
    started = time.monotonic()
    problems = await arrives(cluster, lambda: _there(cluster))
    came = time.monotonic() - started
    problems += await until(lambda: _in_the_way(cluster), seconds=_SECONDS)
    port = cluster.services.pop(PROMETHEUS_ADAPTER)
    problems += await until(lambda: _api_is_away(cluster), seconds=_SECONDS)
    cluster.github.open.clear()
    problems += await until(lambda: _waits_for_an_api(cluster), seconds=_SECONDS)
    cluster.services[PROMETHEUS_ADAPTER] = port
    started = time.monotonic()
    problems += await until(lambda: _gone(cluster), seconds=_SECONDS)
    went = time.monotonic() - started
    cluster.served.revert()
    problems += await arrives(cluster, lambda: _off(cluster))
    cluster.parts.kubelet.registry = before
    problems += await merges.healthy(cluster)
    return result(
        name,
        problems,
        f"{_NAMESPACE} came after {came:.0f} s at {cluster.env.worker.max_replicas} workers; it waited for "
        f"{PROMETHEUS_ADAPTER[1]}, and was gone {went:.0f} s after this was back",
    )


def with_previews(text: str, page: str) -> str:
    """The module of an environment with the value of the previews page.

    Raises:
        ValueError: the module or the page has not the expected form.
    """
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    if block is None:
        raise ValueError(f"{_PAGE} has no Python block")
    value = textwrap.dedent(block[1])
    changes = (
        (r"^from environments\.spec import \(\n", r"\g<0>    Previews,\n"),
        (r"^[A-Z]+ = Environment\(", value.replace("\\", r"\\") + r"\n\g<0>"),
        (r"\bpreviews=None\b", "previews=PREVIEWS"),
    )
    for old, new in changes:
        text, times = re.subn(old, new, text, flags=re.MULTILINE)
        if times != 1:
            raise ValueError(f"the environment's module matches {old} {times} times, and not once")
    return text


def _app(cluster: Cluster) -> str:
    return f"{cluster.names.prefix}-pr-{_NUMBER}"


async def _there(cluster: Cluster) -> list[str]:
    await _look(cluster)
    app = _app(cluster)
    state = (await applications.read(cluster.client)).get(app)
    if state is None:
        return [f"Application {app} is missing"]
    jobs = {
        name_of(job): (job.status and job.status.succeeded) or 0
        async for job in cluster.client.list(Job, namespace=_NAMESPACE)
    }
    ran = [each for each in ("orchestrator", "worker") if jobs.get(each)]
    if state.sync == "Synced" and len(ran) == 2:
        return []
    return [f"{app} is {state.sync} and {state.health}: {state.message}; {ran} ran"]


async def _in_the_way(cluster: Cluster) -> list[str]:
    """What is not Healthy besides the preview, whose pods start again and again."""
    states = (await applications.read(cluster.client)).values()
    unsettled = [
        str(state) for state in states if not state.settled and state.name != _app(cluster)
    ]
    waiting = await not_ready(cluster)
    return unsettled + [line for line in waiting if not line.startswith(f"{_NAMESPACE}/")]


async def _gone(cluster: Cluster) -> list[str]:
    await _look(cluster)
    left = [
        f"Application {each}"
        for each in await applications.read(cluster.client)
        if each == _app(cluster)
    ]
    left += [
        f"Namespace {_NAMESPACE}"
        async for each in cluster.client.list(Namespace)
        if name_of(each) == _NAMESPACE
    ]
    return [f"{each} is left" for each in left]


async def _api_is_away(cluster: Cluster) -> list[str]:
    """The API server has noticed that nothing answers for an aggregated API."""
    unavailable = [
        name_of(each)
        async for each in cluster.client.list(APIService)
        for condition in (each.status and each.status.conditions) or ()
        if condition.type == "Available" and condition.status == "False"
    ]
    return [] if unavailable else ["every API is available"]


async def _waits_for_an_api(cluster: Cluster) -> list[str]:
    """Kubernetes names the API that it cannot list when it deletes the namespace."""
    await _look(cluster)
    conditions = [
        condition
        async for each in cluster.client.list(Namespace)
        if name_of(each) == _NAMESPACE
        for condition in (each.status and each.status.conditions) or ()
        if condition.status == "True"
    ]
    if any(each.type == "NamespaceDeletionDiscoveryFailure" for each in conditions):
        return []
    return [f"{_NAMESPACE} does not wait for an API: {[each.message for each in conditions]}"]


async def _off(cluster: Cluster) -> list[str]:
    left = [
        str(each.metadata and each.metadata.name)
        async for each in cluster.client.list(ApplicationSet, namespace=ARGOCD_NAMESPACE)
    ]
    return [f"ApplicationSet {each} is left" for each in left]


async def _look(cluster: Cluster) -> None:
    """Let Argo CD read the pull requests now."""
    try:
        await cluster.client.patch(
            ApplicationSet,
            cluster.names.argocd_previews,
            _REFRESH,
            namespace=ARGOCD_NAMESPACE,
            patch_type=PatchType.MERGE,
        )
    except ApiError as error:
        if error.status.code != 404:  # it has not arrived yet
            raise
