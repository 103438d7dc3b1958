"""A job that every sync of its app runs again, after it deletes the previous one."""

from cdk8s_plus_28 import k8s

from environments.names import GENERAL_POOL
from k8s.parts.base import AppChart, Config
from k8s.parts.pods import Mount, pod


def sync_job(
    chart: AppChart,
    container: k8s.Container,
    *,
    service_account: str,
    config: Config,
    mounts: tuple[Mount, ...],
    deadline_seconds: int,
) -> None:
    """Runs the container until it succeeds, one pod at a time; the app's sync waits for it."""
    k8s.KubeJob(
        chart,
        "job",
        metadata=k8s.ObjectMeta(
            name=chart.app,
            annotations={
                "argocd.argoproj.io/hook": "Sync",
                # After the ConfigMap. The previous job is deleted first.
                "argocd.argoproj.io/sync-wave": "1",
                "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
            },
        ),
        spec=k8s.JobSpec(
            backoff_limit=6,
            active_deadline_seconds=deadline_seconds,
            pod_replacement_policy="Failed",  # one at a time
            template=k8s.PodTemplateSpec(
                metadata=chart.pod_metadata(config),
                spec=pod(
                    container,
                    service_account=service_account,
                    pool=GENERAL_POOL,
                    mounts=mounts,
                    restart_policy="Never",
                ),
            ),
        ),
    )
