"""The versions in the catalog that belong to each Kubernetes minor, as Markdown."""

from collections.abc import Iterator, Sequence

from environments.catalog import ADDON_SETS, ARGOCD, EKS_VERSIONS, kubectl_minors
from environments.spec import Environment


def markdown(environments: Sequence[Environment]) -> str:
    """A chart of the support windows, and a table with a column for each minor."""
    return "\n".join((*_chart(), "", *_table(environments)))


def _chart() -> Iterator[str]:
    yield "```mermaid"
    yield "gantt"
    yield "  dateFormat YYYY-MM-DD"
    yield "  axisFormat %m/%Y"
    for minor, version in EKS_VERSIONS.items():
        standard, extended = version.standard_support_until, version.extended_support_until
        yield f"  section {minor}"
        yield f"    standard support, to {standard} : {version.released}, {standard}"
        yield f"    extended, to {extended} : crit, {standard}, {extended}"
    yield "```"


def _table(environments: Sequence[Environment]) -> Iterator[str]:
    minors = EKS_VERSIONS.items()
    yield _row("", *EKS_VERSIONS)
    yield _row("---", *("---" for _ in minors))
    yield _row("runs in", *(_named_by(environments, minor) for minor in EKS_VERSIONS))
    yield _row("standard support ends", *(str(v.standard_support_until) for _, v in minors))
    yield _row("extended support ends", *(str(v.extended_support_until) for _, v in minors))
    yield _row("nodes (AL2023)", *(v.node_release for _, v in minors))
    yield _row("cluster-autoscaler", *(v.cluster_autoscaler for _, v in minors))
    yield _row("kube-proxy", *(v.kube_proxy for _, v in minors))
    yield _row("CoreDNS", *(v.coredns for _, v in minors))
    yield _row("VPC CNI", *(v.vpc_cni for _, v in minors))
    yield _row("EBS CSI driver", *(v.ebs_csi_driver for _, v in minors))
    yield _row("Pod Identity agent", *(v.pod_identity_agent for _, v in minors))
    yield _row("kubectl", *(" to ".join(kubectl_minors(minor)) for minor in EKS_VERSIONS))
    yield _row("sets of charts", *(_made_for(minor) for minor in EKS_VERSIONS))
    yield _row(
        "Argo CD",
        *(ARGOCD.version if m in ARGOCD.kubernetes_versions else "none" for m in EKS_VERSIONS),
    )


def _named_by(environments: Sequence[Environment], minor: str) -> str:
    names = [env.name for env in environments if env.cluster.kubernetes_version == minor]
    return ", ".join(names) or "none"


def _made_for(minor: str) -> str:
    names = [name for name, chosen in ADDON_SETS.items() if minor in chosen.kubernetes_versions]
    return ", ".join(names) or "none"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
