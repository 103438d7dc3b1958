"""The files of a pod, laid out as the kubelet does, with the values that External Secrets would write."""

import re
import secrets
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote_plus

from environments.names import App
from evalctl.conformance.pod import Mount, Pod, UnreadableManifestsError, document

# Entry of Secrets Manager → its fields; an entry without fields is one text, under the empty name.
Values = dict[str, dict[str, str]]

_EXPRESSION = re.compile(r"{{ *\.(\w+) *((?:\| *[^|}]+)*)}}")
# What a pod mounts, and the certificates that its image has.
_PATHS = re.compile(r"(?<![\w/.-])/etc/(?:eval-platform|ssl/certs)/")
_READABLE_BY_THE_GROUP = 0o440


class SecretFiles:
    """The Secrets of a namespace in a folder that stands for a pod's root."""

    def __init__(self, rendered: Path, root: Path, values: Values) -> None:
        self._rendered, self.root, self.values = rendered, root, values

    def local(self, text: str) -> str:
        """A text in which paths of the pod are paths below this folder."""
        return _PATHS.sub(lambda match: f"{self.root}{match[0]}", text)

    def keys(self, secret: str) -> dict[str, str]:
        """The keys and values of a Secret, from its ExternalSecret's template.

        Raises:
            UnreadableManifestsError: there is no such ExternalSecret.
        """
        spec = document(self._rendered / "k8s" / App.SECRETS / f"ExternalSecret-{secret}.yaml")[
            "spec"
        ]
        found = {
            entry["secretKey"]: self._value(
                entry["remoteRef"]["key"], entry["remoteRef"].get("property", "")
            )
            for entry in spec.get("data", [])
        }
        for source in spec.get("dataFrom", []):
            found |= self.values[source["extract"]["key"]]
        template = spec["target"]["template"].get("data")
        if template is None:
            return found
        return {key: self.local(_filled(text, found, secret)) for key, text in template.items()}

    def replace(self, secret: str, value: str) -> None:
        """Write another value for the only field of a Secret.

        Raises:
            UnreadableManifestsError: the Secret has more than one field.
        """
        file = self._rendered / "k8s" / App.SECRETS / f"ExternalSecret-{secret}.yaml"
        references = [entry["remoteRef"] for entry in document(file)["spec"].get("data", [])]
        if len(references) != 1:
            raise UnreadableManifestsError(f"{file} has {len(references)} fields instead of one.")
        (reference,) = references
        self.values[reference["key"]][reference.get("property", "")] = value

    def write(self, pod: Pod) -> None:
        """Write the files of a pod's mounts, or replace them at once as the kubelet does."""
        for mount in pod.mounts:
            write_volume(self.root / mount.path.lstrip("/"), self._files(pod, mount))

    def _files(self, pod: Pod, mount: Mount) -> dict[str, str]:
        if mount.kind == "Secret":
            return self.keys(mount.name)
        folder = self._rendered / "k8s" / pod.app
        data: dict[str, str] = document(folder / f"ConfigMap-{mount.name}.yaml")["data"]
        return data

    def _value(self, entry: str, field: str) -> str:
        """A value that nothing on this machine has to agree with is random."""
        return self.values.setdefault(entry, {}).setdefault(field, secrets.token_urlsafe(24))


def write_volume(folder: Path, files: Mapping[str, str]) -> None:
    """The kubelet's AtomicWriter: `key` → `..data/key`, and `..data` → a new folder at each change."""
    folder.mkdir(parents=True, exist_ok=True)
    version = folder / f"..{secrets.token_hex(8)}"
    version.mkdir()
    for key, text in files.items():
        file = version / key
        file.write_text(text)
        file.chmod(_READABLE_BY_THE_GROUP)
        if not (folder / key).is_symlink():
            (folder / key).symlink_to(f"..data/{key}")
    current, new = folder / "..data", folder / "..data_tmp"
    old = current.readlink() if current.is_symlink() else None
    new.symlink_to(version.name)
    new.replace(current)
    if old is not None:
        shutil.rmtree(folder / old)


def write_image_file(root: Path, path: str, source: Path) -> None:
    """A file that the image has at this path."""
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(source.read_bytes())


def _filled(template: str, values: Mapping[str, str], secret: str) -> str:
    """The text of a template of External Secrets, which are Go's."""

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        for function in match[2].split("|")[1:]:
            # Go writes a backslash in a string as shlex reads it, within double quotes.
            found = None if found is None else _applied(found, *shlex.split(function))
        if found is None:
            raise UnreadableManifestsError(
                f"ExternalSecret-{secret}.yaml has {match[0]}, which conformance cannot fill in."
            )
        return found

    filled = _EXPRESSION.sub(value, template)
    if (rest := filled.find("{{")) >= 0:
        raise UnreadableManifestsError(
            f"ExternalSecret-{secret}.yaml has {filled[rest:].splitlines()[0]}, which conformance cannot read."
        )
    return filled


def _applied(value: str, function: str, *arguments: str) -> str | None:
    """The result of a function of External Secrets' templates, or None if it is not one of these."""
    match function, arguments:
        case "urlquery", ():
            return quote_plus(value)
        case "replace", (old, new):
            return value.replace(old, new)
    return None
