"""Tears an environment down: first what controllers in the cluster created, then the stacks.

Controllers create load balancers and volumes that are not in Terraform's state. If they are left
behind, they still use subnets and security groups, and a destroy never finishes.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from rich.console import Console

from environments.names import (
    AGGREGATED_API_SERVERS,
    APPS_WITH_A_JOB,
    ARGOCD_NAMESPACE,
    MONITORING_NAMESPACE,
    PLATFORM,
    Addon,
    App,
    Names,
    Stack,
    namespace_of,
)
from environments.spec import Environment
from evalctl import terraform_settings
from evalctl.lifecycle import cluster, guards
from evalctl.lifecycle.applications import APPLICATIONS, IN_ARGOCD
from evalctl.lifecycle.identity import (
    Kubectl,
    require_account,
    require_answer,
    require_cluster,
    require_programs,
)
from evalctl.lifecycle.problems import NoClusterError, NotReadyError, StoppedHalfwayError
from evalctl.lifecycle.steps import Step, print_commands, report, run_step
from evalctl.processes import CommandFailedError

Waves = Sequence[Sequence[App | Addon]]

_CDKTF = "node_modules/.bin/cdktf"
_PROGRAMS = {
    _CDKTF: "run `make cdktf`, and start in the repository's root",
    "terraform": "install it; cdktf destroys with it",
    # Only the first line of the cdktf script names it, and cdktf runs when the apps are deleted already.
    "node": "run `source .venv/bin/activate`; cdktf runs on the Node in there",
}
_TIMEOUT = "--timeout=20m"  # a load balancer takes minutes, and each pod has its grace period

# With `automated` the root Application could sync itself and get its finalizer back before it is deleted.
# With the finalizer everything would be deleted at once: the controllers together with what only they
# can clean up.
_WITHOUT_FINALIZER = '{"metadata":{"finalizers":null},"spec":{"syncPolicy":{"automated":null}}}'
# Argo CD deletes no Application while an operation of it runs (3.5, `processAppOperationQueueItem`), and a
# sync that fails is tried again for ever. It accepts an approval only if that is not older than the
# deletion, and the deletion's time is not known yet.
_TO_BE_DELETED = (
    '{"metadata":{"annotations":{"argocd.argoproj.io/deletion-approved":"9999-12-31T23:59:59Z"}},'
    '"operation":null,"spec":{"syncPolicy":{"automated":null}}}'
)

_HINT = (
    f"`kubectl -n {ARGOCD_NAMESPACE} describe applications` shows what an Application waits for; "
    "docs/teardown.md lists what else can be in the way"
)


def teardown(
    env: Environment,
    *,
    waves: Waves,
    context: str | None,
    dry_run: bool,
    only_cluster: bool,
    confirmed: Callable[[], bool],
    console: Console,
) -> None:
    """Destroy the environment; with `dry_run`, only print the commands.

    With `only_cluster`, delete what Argo CD synced, and keep the stacks. `waves` is the order in which Argo CD synced. `confirmed` is called when all checks have passed.

    Raises:
        NotReadyError: something is missing, wrong, protected or not confirmed; nothing was changed.
        StoppedHalfwayError: a change failed; the same command continues from there.
    """
    names = Names(env)
    with console.status("checking; nothing is changed"):
        programs = {} if only_cluster else _PROGRAMS
        kubectl = _checked(names, programs=programs, context=context, console=console)
        in_cluster = list(_in_cluster(names, kubectl, waves=waves))
    if only_cluster:
        _delete_from_cluster(
            names, in_cluster, dry_run=dry_run, confirmed=confirmed, console=console
        )
        return
    after_cluster = [destroy_stacks(names), *delete_log_groups(names)]
    if dry_run:
        print_commands(console, *in_cluster, *after_cluster, *_listings(names))
        return
    if not confirmed():
        raise NotReadyError(f"You did not type {env.name}")
    for step in in_cluster:
        run_step(step, console, hint=_HINT)
    _require_empty_buckets(names)
    for step in after_cluster:
        run_step(step, console, hint=_HINT)
    for step in _listings(names):
        for arn in run_step(step, console, hint=_HINT).split():
            report(console, arn, indent="    ")
    report(
        console,
        "These stay on purpose: keys and secrets until their waiting period ends, final snapshots until "
        "you delete them, the state bucket with its key and its logs (docs/teardown.md, from step 3). AWS "
        "still lists deleted resources for an hour. Anything else was left behind: find its owner",
    )


def _delete_from_cluster(
    names: Names,
    steps: Sequence[Step],
    *,
    dry_run: bool,
    confirmed: Callable[[], bool],
    console: Console,
) -> None:
    if dry_run:
        print_commands(console, *steps)
        return
    if not confirmed():
        raise NotReadyError(f"You did not type {names.env.name}")
    for step in steps:
        run_step(step, console, hint=_HINT)
    report(
        console,
        f"Argo CD runs without Applications, and the stacks are as they were. `evalctl bootstrap "
        f"{names.env.name}` starts the first sync again",
    )


def delete_applications(
    names: Names, kubectl: Kubectl, *, waves: Waves, there: Collection[str]
) -> Iterator[Step]:
    """The root Application, which would create the others again; the servers of aggregated APIs; then
    the waves backwards, so that each part is deleted before what it needs, and a namespace after its pods.

    While an aggregated API is registered and does not answer, Kubernetes finishes no deletion of a
    namespace. Its server lives in a namespace too: deleted with that namespace, it would block itself.
    """
    if names.argocd_root in there:
        root = (APPLICATIONS, names.argocd_root, *IN_ARGOCD)
        yield Step(
            purpose=f"take the finalizer from {names.argocd_root}, so that its deletion deletes nothing else",
            command=kubectl.command(
                "patch", *root, "--type=merge", f"--patch={_WITHOUT_FINALIZER}"
            ),
        )
        yield Step(
            purpose=f"delete {names.argocd_root}, which would create the other Applications again",
            command=kubectl.command("delete", *root, "--ignore-not-found", _TIMEOUT),
        )
    servers = [names.application(addon) for addon in AGGREGATED_API_SERVERS]
    jobs = {names.application(app): app for app in APPS_WITH_A_JOB}
    backwards = [
        [names.argocd_dashboards],  # synced with the last wave
        *([names.application(part) for part in wave] for wave in reversed(waves)),
    ]
    if to_delete := [name for wave in backwards for name in wave if name in there]:
        yield Step(
            purpose="end all syncs, and approve that namespaces and definitions are deleted",
            command=kubectl.command(
                *("patch", APPLICATIONS, *to_delete, *IN_ARGOCD),
                *("--type=merge", f"--patch={_TO_BE_DELETED}"),
            ),
        )
    yield from _deletion(kubectl, servers, there)
    if names.env.previews is not None:
        # Foreground: its Applications, which are the previews, are deleted before it.
        sets = ("applicationsets.argoproj.io", names.argocd_previews, *IN_ARGOCD)
        yield Step(
            purpose="delete all previews",
            command=kubectl.command(
                "delete", *sets, "--cascade=foreground", "--ignore-not-found", _TIMEOUT
            ),
        )
    for wave in backwards:
        if names.application(Addon.LOAD_BALANCER_CONTROLLER) in wave:
            # Any Ingress can have a load balancer, and only this controller can remove it.
            yield Step(
                purpose="wait until no Ingress is left, and so no load balancer of one",
                command=kubectl.command(
                    "wait", "--for=delete", "ingress", "--all", "--all-namespaces", _TIMEOUT
                ),
            )
        for name in (name for name in jobs if name in wave and name in there):
            yield from _release_job(kubectl, name, jobs[name])
        yield from _deletion(kubectl, [name for name in wave if name not in servers], there)


def _release_job(kubectl: Kubectl, application: str, app: App) -> Iterator[Step]:
    """Let the job of an Application go, whose sync was ended while it waited for the job.

    Argo CD takes its finalizer from a hook when the sync goes on. After an end of the sync it never does, and waits for
    the job's deletion (3.5, seen in a rehearsal).
    """
    yield Step(
        purpose=f"begin to delete {application}, so that no sync makes its job again",
        command=kubectl.command(
            *("delete", APPLICATIONS, application, *IN_ARGOCD),
            *("--ignore-not-found", "--wait=false"),
        ),
    )
    yield Step(
        purpose=f"take the finalizer from the job {app}, in case a sync was ended while it ran",
        command=kubectl.command(
            *("patch", "jobs.batch", app, "--namespace", namespace_of(app)),
            *("--type=merge", '--patch={"metadata":{"finalizers":null}}'),
        ),
        nothing_to_do="NotFound",
    )


def destroy_stacks(names: Names) -> Step:
    """The stacks in reverse order, except the one that holds the states of the others.

    `env` makes the command complete for a person who copies it.
    """
    settings = [f"{name}={value}" for name, value in terraform_settings.variables().items()]
    stacks = [f"{names.env.name}-{stack}" for stack in reversed(Stack) if stack is not Stack.STATE]
    return Step(
        purpose="destroy the stacks",
        command=("env", *settings, _CDKTF, "destroy", *stacks, "--auto-approve"),
    )


def delete_log_groups(names: Names) -> Iterator[Step]:
    """The log groups that EKS and RDS make again for what they log while they are deleted.

    They have no tags, so no listing shows them, and they keep logs for ever. They also have the names of the
    stacks' own groups, so the next apply would fail (terraform-aws-modules/terraform-aws-eks issue 2763).
    """
    for group in (names.cluster_log_group, *names.database_log_groups.values()):
        yield Step(
            purpose=f"delete the log group {group}, if AWS made it again",
            command=(
                *("aws", "logs", "delete-log-group", "--log-group-name", group),
                *("--region", names.env.account.region),
            ),
            nothing_to_do="ResourceNotFoundException",
        )


def _checked(
    names: Names, *, programs: Mapping[str, str], context: str | None, console: Console
) -> Kubectl | None:
    """How to reach the cluster, or None if it is deleted already.

    Raises:
        NotReadyError: with everything that is wrong.
    """
    problems: list[str] = []
    kubectl = None
    try:
        require_programs(names, also=programs)
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
        report(
            console,
            f"{names.cluster} of {account} is deleted already, so its Applications are skipped. If it was "
            "deleted by hand, load balancers and volumes may be left; the listing at the end shows them",
            style="yellow",
        )
    else:
        report(console, f"the context {kubectl.context} leads to {names.cluster} of {account}")
    report(console, "nothing protects its database, and no image or backup is in the way")
    for bucket in full:
        report(
            console,
            f"{bucket} holds objects. When the apps are deleted, this command stops until you have emptied "
            f"the bucket or taken it out of the state ({guards.PAGE})",
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
    # No Application made the claims, and they stay when their StatefulSet is deleted. The volume driver,
    # which deletes their volumes, goes with the cluster.
    yield Step(
        purpose=f"delete the claims of {MONITORING_NAMESPACE}, and with them the volumes of Prometheus",
        command=kubectl.command(
            *("delete", "persistentvolumeclaims", "--all"),
            *("--namespace", MONITORING_NAMESPACE, "--ignore-not-found", _TIMEOUT),
        ),
    )
    yield Step(
        purpose="wait until no volume is left",
        command=kubectl.command("wait", "--for=delete", "persistentvolume", "--all", _TIMEOUT),
    )


def _require_empty_buckets(names: Names) -> None:
    """Check the buckets when the apps no longer write and the cluster still exists.

    Raises:
        StoppedHalfwayError: a bucket holds objects, and a person must decide about them.
    """
    try:
        full = guards.full_buckets(names)
    except CommandFailedError as error:
        raise StoppedHalfwayError(f"{error}. Then run the same command again") from None
    if full:
        raise StoppedHalfwayError(
            f"The apps are deleted. AWS deletes no bucket that holds objects or old versions: "
            f"{', '.join(full)}. Empty or keep each one ({guards.PAGE}, has the commands for both), then "
            "run the same command again"
        )


def _deletion(kubectl: Kubectl, names: Sequence[str], there: Collection[str]) -> Iterator[Step]:
    """One command, which waits until all objects of these Applications are deleted."""
    if left := [name for name in names if name in there]:
        yield Step(
            purpose=f"delete {', '.join(left)}",
            command=kubectl.command(
                "delete", APPLICATIONS, *left, *IN_ARGOCD, "--ignore-not-found", _TIMEOUT
            ),
        )


def _listings(names: Names) -> Iterator[Step]:
    """By the stacks' tag in each of their regions, and by the tag of the load balancers' controller."""
    account = names.env.account
    yield _listing(f"Key=Platform,Values={PLATFORM}", region=account.region)
    if account.backup_copy_region is not None:
        yield _listing(f"Key=Platform,Values={PLATFORM}", region=account.backup_copy_region)
    yield _listing(f"Key=elbv2.k8s.aws/cluster,Values={names.cluster}", region=account.region)


def _listing(tag: str, *, region: str) -> Step:
    query = ("--query", "ResourceTagMappingList[].ResourceARN", "--output", "text")
    return Step(
        purpose=f"list what is left in {region} with the tag {tag}",
        command=(
            *("aws", "resourcegroupstaggingapi", "get-resources", "--region", region),
            *("--tag-filters", tag, *query),
        ),
    )
