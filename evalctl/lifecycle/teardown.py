"""Takes an environment down: what the cluster made by its controllers first, then the stacks.

Controllers make load balancers and volumes that Terraform does not know. Left behind, they hold on to
subnets and security groups, and no destroy comes to its end.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from rich.console import Console

from environments.names import ARGOCD_NAMESPACE, PLATFORM, Addon, App, Names, Stack
from environments.spec import Environment
from evalctl.lifecycle import cluster, guards
from evalctl.lifecycle.identity import (
    Kubectl,
    require_account,
    require_answer,
    require_cluster,
    require_programs,
)
from evalctl.lifecycle.problems import NoClusterError, NotReadyError, StoppedHalfwayError
from evalctl.lifecycle.steps import Step, say, show, take
from evalctl.processes import CommandFailedError

Waves = Sequence[Sequence[App | Addon]]

_CDKTF = "node_modules/.bin/cdktf"
_PROGRAMS = {
    _CDKTF: "run `make cdktf`, and start in the repository's root",
    "terraform": "cdktf runs it to destroy",
    # Known only to cdktf's first line, which is reached when the apps are gone.
    "node": "cdktf runs on the one that `source .venv/bin/activate` brings",
}
_HERE = ("--namespace", ARGOCD_NAMESPACE)
_APPLICATIONS = "applications.argoproj.io"  # in full: others define applications too
_GONE = "--timeout=20m"  # a load balancer takes minutes, each pod its grace period

# Without `automated` the root Application could sync itself, and have its finalizer again before it
# is deleted; with that finalizer everything would go at once, controllers with what they must clean.
_LET_GO = '{"metadata":{"finalizers":null},"spec":{"syncPolicy":{"automated":null}}}'
# Argo CD heeds an approval only if it is not older than the deletion, whose time nobody knows before.
_APPROVED = "argocd.argoproj.io/deletion-approved=9999-12-31T23:59:59Z"

_LOOK = (
    f"`kubectl -n {ARGOCD_NAMESPACE} describe applications` shows what an Application waits for; "
    "docs/teardown.md tells what else can stand in the way"
)


def teardown(
    env: Environment,
    *,
    waves: Waves,
    context: str | None,
    dry_run: bool,
    agreed: Callable[[], bool],
    console: Console,
) -> None:
    """Destroy the environment; with `dry_run`, show the commands and change nothing.

    `waves` is the order in which Argo CD synced; `agreed` asks the person when all checks are done.

    Raises:
        NotReadyError: something is missing, wrong or protected, or nobody agreed; nothing was changed.
        StoppedHalfwayError: a change failed; the same command goes on from there.
    """
    names = Names(env)
    with console.status("looking, changing nothing"):
        kubectl = _checked(names, context=context, console=console)
        in_cluster = list(_in_cluster(names, kubectl, waves=waves))
    destroy = destroy_stacks(names)
    if dry_run:
        show(console, *in_cluster, destroy, *_listings(names))
        return
    if not agreed():
        raise NotReadyError(f"You did not type {env.name}")
    for step in in_cluster:
        take(step, console, look=_LOOK)
    _require_empty_buckets(names)
    take(destroy, console, look=_LOOK)
    for step in _listings(names):
        for arn in take(step, console, look=_LOOK).split():
            say(console, arn, indent="    ")
    say(
        console,
        "What stays on purpose: keys and secrets until their waiting period ends, final snapshots until "
        "you delete them, the state bucket with its key and its logs (docs/teardown.md, from step 3). AWS "
        "lists what was deleted a moment ago for an hour. Anything else was left behind: look whose it is",
    )


def delete_applications(
    names: Names, kubectl: Kubectl, *, waves: Waves, there: Collection[str]
) -> Iterator[Step]:
    """From the root Application, which brings others back, to the add-ons, which clean up."""
    if names.argocd_root in there:
        root = (_APPLICATIONS, names.argocd_root, *_HERE)
        yield Step(
            purpose=f"{names.argocd_root} lets go of what it manages",
            command=kubectl.command("patch", *root, "--type=merge", f"--patch={_LET_GO}"),
        )
        yield Step(
            purpose=f"{names.argocd_root} is gone, and nothing brings an Application back",
            command=kubectl.command("delete", *root, "--ignore-not-found", _GONE),
        )
    if names.env.previews is not None:
        # Foreground: its Applications, which are the previews, go before it does.
        sets = ("applicationsets.argoproj.io", names.argocd_previews, *_HERE)
        yield Step(
            purpose="previews are gone",
            command=kubectl.command(
                "delete", *sets, "--cascade=foreground", "--ignore-not-found", _GONE
            ),
        )
    # What watches the platform was synced beside the last wave, and goes first.
    apps = [(names.argocd_dashboards,), *_backwards(names, waves, App)]
    addons = _backwards(names, waves, Addon)
    doomed = [name for wave in (*apps, *addons) for name in wave if name in there]
    if doomed:
        yield Step(
            purpose="you approve that namespaces and definitions go with their Applications",
            command=kubectl.command(
                "annotate", _APPLICATIONS, *doomed, *_HERE, "--overwrite", _APPROVED
            ),
        )
    yield from _deletions(kubectl, apps, there)
    # Anyone's Ingress holds a load balancer, and only the add-on that goes next can remove it.
    yield Step(
        purpose="no Ingress is left, and so no load balancer of one",
        command=kubectl.command(
            "wait", "--for=delete", "ingress", "--all", "--all-namespaces", _GONE
        ),
    )
    yield from _deletions(kubectl, addons, there)


def destroy_stacks(names: Names) -> Step:
    """Backwards, all but the one that holds the others' states."""
    stacks = [f"{names.env.name}-{stack}" for stack in reversed(Stack) if stack is not Stack.STATE]
    return Step(
        purpose="the stacks are destroyed",
        command=(_CDKTF, "destroy", *stacks, "--auto-approve"),
    )


def _checked(names: Names, *, context: str | None, console: Console) -> Kubectl | None:
    """How to reach the cluster, or None if it is gone already.

    Raises:
        NotReadyError: with everything that is wrong.
    """
    problems: list[str] = []
    kubectl = None
    try:
        require_programs(names, also=_PROGRAMS)
        require_account(names)
        problems += guards.in_the_account(names)
        try:
            kubectl = require_cluster(names, context=context)
            require_answer(names, kubectl)
        except NoClusterError:
            pass
    except NotReadyError as error:
        problems += error.problems
    problems += guards.in_the_checkout(names)
    if problems:
        raise NotReadyError(*problems)
    try:
        full = guards.full_buckets(names)
    except CommandFailedError as error:
        raise NotReadyError(str(error)) from None
    account = f"account {names.env.account.id}"
    if kubectl is None:
        say(
            console,
            f"{names.cluster} of {account} is gone already: its Applications are left out. If it was "
            "deleted by hand, what its controllers made may be left; the listing shows it",
            style="yellow",
        )
    else:
        say(console, f"{names.cluster} of {account} is where {kubectl.context} leads")
    say(console, "nothing protects its database, and no image or backup is in the way")
    for bucket in full:
        say(
            console,
            f"{bucket} holds objects: when the apps are gone, this stops until you have emptied it, or "
            f"kept it ({guards.PAGE})",
            style="yellow",
        )
    return kubectl


def _in_cluster(names: Names, kubectl: Kubectl | None, *, waves: Waves) -> Iterator[Step]:
    if kubectl is None:
        return
    try:
        there = cluster.applications(kubectl)
    except CommandFailedError as error:
        raise NotReadyError(str(error)) from None
    yield from delete_applications(names, kubectl, waves=waves, there=there)
    yield Step(
        purpose="no volume is left",
        command=kubectl.command("wait", "--for=delete", "persistentvolume", "--all", _GONE),
    )


def _require_empty_buckets(names: Names) -> None:
    """Asked when the apps no longer write, and the cluster is still there.

    Raises:
        StoppedHalfwayError: a bucket holds something, and whether it may go is for a person to say.
    """
    try:
        full = guards.full_buckets(names)
    except CommandFailedError as error:
        raise StoppedHalfwayError(f"{error}. Then run the same command again") from None
    if full:
        raise StoppedHalfwayError(
            f"The apps are gone, and AWS deletes no bucket that holds objects or old versions: "
            f"{', '.join(full)}. Empty what nobody needs and keep the rest ({guards.PAGE}, has the commands "
            "for both), then run the same command again"
        )


def _backwards(names: Names, waves: Waves, kind: type[App] | type[Addon]) -> list[tuple[str, ...]]:
    """The Applications of one kind, the last wave first."""
    return [
        tuple(names.application(part) for part in wave if isinstance(part, kind))
        for wave in reversed(waves)
    ]


def _deletions(
    kubectl: Kubectl, waves: Sequence[Sequence[str]], there: Collection[str]
) -> Iterator[Step]:
    """One command a wave. Each waits until all is gone that its Applications made."""
    for wave in waves:
        if gone := [name for name in wave if name in there]:
            yield Step(
                purpose=f"{', '.join(gone)}: gone",
                command=kubectl.command(
                    "delete", _APPLICATIONS, *gone, *_HERE, "--ignore-not-found", _GONE
                ),
            )


def _listings(names: Names) -> Iterator[Step]:
    """By the tag of the stacks, wherever they have something, and by the load balancers' own."""
    account = names.env.account
    yield _listing(f"Key=Platform,Values={PLATFORM}", region=account.region)
    if account.backup_copy_region is not None:
        yield _listing(f"Key=Platform,Values={PLATFORM}", region=account.backup_copy_region)
    yield _listing(f"Key=elbv2.k8s.aws/cluster,Values={names.cluster}", region=account.region)


def _listing(tag: str, *, region: str) -> Step:
    query = ("--query", "ResourceTagMappingList[].ResourceARN", "--output", "text")
    return Step(
        purpose=f"listed what is left in {region} with the tag {tag}",
        command=(
            *("aws", "resourcegroupstaggingapi", "get-resources", "--region", region),
            *("--tag-filters", tag, *query),
        ),
    )
