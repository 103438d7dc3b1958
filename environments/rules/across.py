"""What must hold between environments."""

from collections.abc import Iterator

from environments.catalog import EKS_VERSIONS
from environments.rules.values import ipv4_network, repeated
from environments.spec import Environment


def problems(environments: tuple[Environment, ...]) -> Iterator[str]:
    yield from _overlaps(environments)
    yield from _promotion(environments)
    yield from _upgrade_order(environments)
    for name in repeated(env.name for env in environments):
        yield f"{name}: two environments have this name; rename one"
    for hostname in repeated(env.orchestrator.hostname for env in environments):
        sharing = [env.name for env in environments if env.orchestrator.hostname == hostname]
        yield (
            f"{sharing[-1]}: orchestrator.hostname: {hostname!r} is also that of {', '.join(sharing[:-1])}, and a "
            "name leads to one load balancer; choose another"
        )
    for account in repeated(env.account.id for env in environments):
        sharing = [env.name for env in environments if env.account.id == account]
        yield (
            f"{sharing[-1]}: account.id: {account} is also that of {', '.join(sharing[:-1])}. The delivery stack of "
            "each creates the identity provider token.actions.githubusercontent.com, which an account has once; "
            "use another account"
        )


def _overlaps(environments: tuple[Environment, ...]) -> Iterator[str]:
    """VPCs that share addresses cannot be peered or reached over one VPN."""
    placed = [
        (env, vpc)
        for env in environments
        if (vpc := ipv4_network(env.network.vpc_cidr)) is not None
    ]
    for index, (one, vpc) in enumerate(placed):
        for other, other_vpc in placed[index + 1 :]:
            if vpc.overlaps(other_vpc):
                yield (
                    f"{other.name}: network.vpc_cidr: {other_vpc} overlaps {vpc} of {one.name}; "
                    "choose another range"
                )


def _promotion(environments: tuple[Environment, ...]) -> Iterator[str]:
    """Images come from a build to the first environment of a chain, and from there along it."""
    sources = {env.name: env.promotes_from for env in environments}
    for env in environments:
        chain = [env.name]
        while (source := sources.get(chain[-1])) is not None and source not in chain:
            chain.append(source)
        if env.promotes_from is not None and env.promotes_from not in sources:
            others = ", ".join(name for name in sources if name != env.name)
            yield (
                f"{env.name}: promotes_from: there is no environment {env.promotes_from!r}; use "
                f"{f'one of {others}, or ' if others else ''}None"
            )
        elif source == env.name:
            yield (
                f"{env.name}: promotes_from: {' from '.join([*chain, source])} is a circle that no image "
                "can enter; set one of them to None, so that it takes images from builds"
            )


def _upgrade_order(environments: tuple[Environment, ...]) -> Iterator[str]:
    """An environment runs a Kubernetes minor only after the environment before it does."""
    oldest_first = list(EKS_VERSIONS)
    sources = {env.name: env.cluster.kubernetes_version for env in environments}
    for env in environments:
        minor, before = env.cluster.kubernetes_version, sources.get(env.promotes_from or "")
        if (
            minor in EKS_VERSIONS
            and before in EKS_VERSIONS
            and oldest_first.index(minor) > oldest_first.index(before)
        ):
            yield (
                f"{env.name}: cluster.kubernetes_version: {minor} is newer than {before} in "
                f"{env.promotes_from}; upgrade {env.promotes_from} first (docs/upgrades.md)"
            )
