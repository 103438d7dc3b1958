"""Pods of the restricted Pod Security level: what every container here has in common.

A pod runs as one unprivileged user, writes only to a `/tmp` of limited size, and has no Kubernetes
token. For AWS credentials EKS Pod Identity adds another token, regardless of that setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdk8s_plus_28 import k8s

from environments.names import NODE_POOL_LABEL
from environments.spec import Compute
from k8s.parts.limits import mebibytes, requirements

USER_ID = 10001
TMP_LIMIT_MIB = 1024

_TMP = "tmp"


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A Secret or ConfigMap as a folder of files, which the kubelet updates."""

    name: str
    path: str
    secret: str | None = None
    config_map: str | None = None

    def volume(self) -> k8s.Volume:
        return k8s.Volume(
            name=self.name,
            secret=None
            if self.secret is None
            else k8s.SecretVolumeSource(secret_name=self.secret, default_mode=0o440),
            config_map=None
            if self.config_map is None
            else k8s.ConfigMapVolumeSource(name=self.config_map, default_mode=0o444),
        )

    def volume_mount(self) -> k8s.VolumeMount:
        return k8s.VolumeMount(name=self.name, mount_path=self.path, read_only=True)


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The kubelet's checks that a container has started, is alive, and is ready."""

    startup: k8s.Probe
    liveness: k8s.Probe
    readiness: k8s.Probe


def http_probe(
    path: str, *, port: str, period_seconds: int, failure_threshold: int, timeout_seconds: int = 3
) -> k8s.Probe:
    return k8s.Probe(
        http_get=k8s.HttpGetAction(path=path, port=k8s.IntOrString.from_string(port)),
        period_seconds=period_seconds,
        failure_threshold=failure_threshold,
        timeout_seconds=timeout_seconds,
    )


def container(
    name: str,
    *,
    image: str,
    compute: Compute,
    command: Sequence[str] | None = None,
    args: Sequence[str] | None = None,
    config_maps: Sequence[str] = (),
    env: Sequence[k8s.EnvVar] = (),
    ports: Sequence[k8s.ContainerPort] = (),
    mounts: Sequence[Mount] = (),
    probes: Probes | None = None,
) -> k8s.Container:
    """A container that the restricted level admits, with requests, limits and a `/tmp`."""
    return k8s.Container(
        name=name,
        image=image,
        # A digest always means the same image, so a node that has it starts it without ECR.
        image_pull_policy="IfNotPresent",
        command=None if command is None else list(command),
        args=None if args is None else list(args),
        env=list(env) or None,
        env_from=[
            k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name=config_map))
            for config_map in config_maps
        ]
        or None,
        ports=list(ports) or None,
        resources=requirements(compute),
        security_context=k8s.SecurityContext(
            allow_privilege_escalation=False,
            capabilities=k8s.Capabilities(drop=["ALL"]),
            privileged=False,
            read_only_root_filesystem=True,
            run_as_non_root=True,
        ),
        startup_probe=None if probes is None else probes.startup,
        liveness_probe=None if probes is None else probes.liveness,
        readiness_probe=None if probes is None else probes.readiness,
        volume_mounts=[
            k8s.VolumeMount(name=_TMP, mount_path="/tmp"),
            *(mount.volume_mount() for mount in mounts),
        ],
    )


def pod(
    app: k8s.Container,
    *,
    service_account: str,
    pool: str,
    mounts: Sequence[Mount] = (),
    tolerations: Sequence[k8s.Toleration] = (),
    spread: Sequence[k8s.TopologySpreadConstraint] = (),
    restart_policy: str = "Always",
    termination_grace_seconds: int | None = None,
) -> k8s.PodSpec:
    """A pod of one container on one node pool."""
    return k8s.PodSpec(
        containers=[app],
        service_account_name=service_account,
        automount_service_account_token=False,
        enable_service_links=False,
        node_selector={NODE_POOL_LABEL: pool},
        tolerations=list(tolerations) or None,
        topology_spread_constraints=list(spread) or None,
        restart_policy=restart_policy,
        termination_grace_period_seconds=termination_grace_seconds,
        security_context=k8s.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER_ID,
            run_as_group=USER_ID,
            fs_group=USER_ID,  # may read the mounted secrets, which others may not
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
        ),
        volumes=[
            k8s.Volume(
                name=_TMP,
                empty_dir=k8s.EmptyDirVolumeSource(size_limit=mebibytes(TMP_LIMIT_MIB)),
            ),
            *(mount.volume() for mount in mounts),
        ],
    )


def spread_over(
    topology_key: str, *, selector: dict[str, str], required: bool
) -> k8s.TopologySpreadConstraint:
    """Pods evenly over zones or hosts; if `required`, a pod stays pending rather than break this."""
    return k8s.TopologySpreadConstraint(
        topology_key=topology_key,
        max_skew=1,
        when_unsatisfiable="DoNotSchedule" if required else "ScheduleAnyway",
        label_selector=k8s.LabelSelector(match_labels=selector),
        # Old pods of a rollout do not count, and neither do nodes whose taints the pod does not tolerate.
        match_label_keys=["pod-template-hash"],
        node_taints_policy="Honor",
    )
