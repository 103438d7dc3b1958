"""The `docker run` of an image, composed from its rendered pod; it was never run by this project."""

from pathlib import Path

from environments.names import App
from evalctl.conformance.check import Subject
from evalctl.conformance.pod import read
from evalctl.processes import shown


def command(rendered: Path, subject: Subject, image: str) -> str:
    """The command, with the pod's user, root, folders and variables.

    The folder ROOT holds the mounted files, and the file VARIABLES the variables of the stand-ins and the keys.
    """
    pod = read(rendered, App(subject.value))
    return shown(
        (
            *("docker", "run", "--rm", "--network=host", "--read-only"),
            *(f"--user={pod.user}:{pod.user}", "--cap-drop=ALL"),
            *("--security-opt=no-new-privileges", "--tmpfs=/tmp"),
            f"--stop-timeout={pod.grace_seconds}",
            *(f"--volume=ROOT{mount.path}:{mount.path}:ro" for mount in pod.mounts),
            *(f"--env={name}={value}" for name, value in sorted(pod.variables.items())),
            "--env-file=VARIABLES",
            image,
        )
    )
