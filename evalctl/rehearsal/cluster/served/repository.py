"""A Git repository with a copy of the checkout, from which the rehearsed Argo CD syncs.

`evalctl bootstrap` runs in the copy, so what it reads is what is served.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from environments.names import Names
from environments.spec import Environment
from evalctl.processes import output
from evalctl.rehearsal.cluster.served.problem import NotServedError
from evalctl.rehearsal.cluster.served.replacements import (
    INSTALL_MANIFEST,
    Replacement,
    Windows,
    replaced,
    replacements,
)

_COMMITTER = "rehearsal"
# Git without a person's settings, hooks and signatures, and without the variables of a hook that runs this.
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in {"NAME": _COMMITTER, "EMAIL": f"{_COMMITTER}@localhost"}.items()
    },
}
_SETTINGS = ("-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0", "-c", "core.autocrlf=false")

Edits = Mapping[str, str | None]  # the new text by path; None removes the file


@dataclass(kw_only=True)
class Served:
    """The served repository, and the list of what differs from the checkout."""

    names: Names
    checkout: Path
    folder: Path
    charts: Mapping[str, str]  # the served address of each chart repository
    install_manifest: Path
    windows: Windows
    faster: int
    github: str  # the address of its API, for previews
    _commits: list[str] = field(default_factory=list)  # those that `revert` can undo

    @property
    def address(self) -> str:
        """The address from which Argo CD clones."""
        return self.folder.as_uri()

    @property
    def replacements(self) -> tuple[Replacement, ...]:
        return replacements(
            self.names,
            repository=self.address,
            charts=self.charts,
            install_manifest=self.install_manifest,
            windows=self.windows,
            faster=self.faster,
            github=self.github,
        )

    def text(self, path: str) -> str:
        """A file as it is served now."""
        return (self.folder / path).read_text(encoding="utf-8")

    def commit(self, message: str, edits: Edits) -> str:
        """Merge a change into the served branch; returns the commit.

        The texts may be those of the checkout or the served ones: addresses are replaced in both.

        Raises:
            NotServedError: an edit names a repository that is not served, or changes nothing.
        """
        changes = self.replacements
        texts = {
            path: None if text is None else replaced(path, text, changes)
            for path, text in edits.items()
        }
        for path, text in texts.items():
            file = self.folder / path
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self._git("add", "--force", "--all", "--", *edits)
        if not self._git("diff", "--cached", "--name-only"):
            raise NotServedError(f"`{message}` changes nothing in {', '.join(edits)}")
        commit = self._committed(message)
        self._commits.append(commit)
        return commit

    @property
    def merged(self) -> int:
        """How many changes are merged and not reverted."""
        return len(self._commits)

    def revert(self) -> str:
        """Undo the last change that `commit` merged and that is not reverted yet; returns the new commit."""
        self._git("revert", "--no-edit", self._commits.pop())
        return self._published()

    def set_windows(self, windows: Windows) -> str:
        """Open or close the sync windows, or serve them as they are rendered; returns the commit."""
        self.windows = windows
        folder = Path(self.names.argocd_folder)
        projects = sorted((self.checkout / folder).glob("AppProject-*.yaml"))
        for path in projects:
            self._write(str(folder / path.name))
        self._git("add", "--all", "--", str(folder))
        return self._committed(f"Sync windows: {windows}", "--allow-empty")

    def _write(self, path: str) -> None:
        text = (self.checkout / path).read_text(encoding="utf-8")
        (self.folder / path).write_text(replaced(path, text, self.replacements), encoding="utf-8")

    def _committed(self, message: str, *options: str) -> str:
        self._git("commit", "--quiet", "--no-gpg-sign", *options, "--message", message)
        return self._published()

    def _published(self) -> str:
        """Bootstrap compares the checkout with `origin/<branch>`: here both are the same repository."""
        branch = f"refs/remotes/origin/{self.names.env.repository.revision}"
        self._git("update-ref", branch, "HEAD")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        return _git("-C", str(self.folder), *arguments)


def served_copy(
    env: Environment,
    checkout: Path,
    folder: Path,
    *,
    charts: Mapping[str, str],
    install_manifest: Path,
    windows: Windows,
    faster: int = 1,
    github: str = "http://127.0.0.1:0/",
) -> Served:
    """Copy the checkout's files, change the short list, and commit them on the environment's branch.

    Raises:
        NotServedError: something that Argo CD would read is missing or not served.
    """
    names = Names(env)
    if not (checkout / names.argocd_folder).is_dir():
        raise NotServedError(f"{checkout / names.argocd_folder} is missing; run `make render`")
    folder.mkdir(parents=True)
    branch = env.repository.revision
    _git("init", "--quiet", "--template=", f"--initial-branch={branch}", str(folder))
    files = _files(checkout, folder)
    for path in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / path, target, follow_symlinks=False)
    served = Served(
        names=names,
        checkout=checkout,
        folder=folder,
        charts=charts,
        install_manifest=install_manifest,
        windows=windows,
        faster=faster,
        github=github,
    )
    changed = {change.folder for change in served.replacements}
    for path in files:
        if str(Path(path).parent) in changed and path.endswith(".yaml"):
            served._write(path)
    shutil.copyfile(install_manifest, folder / names.argocd_installation_folder / INSTALL_MANIFEST)
    served._git("add", "--force", "--all")
    served._committed(f"A copy of the checkout for the rehearsal of {env.name}")
    return served


def _files(checkout: Path, empty: Path) -> list[str]:
    """The checkout's files that Git tracks or does not ignore.

    In a tree without Git, an empty repository applies its .gitignore files.
    """
    own = (checkout / ".git").exists()
    repository = () if own else (f"--git-dir={empty / '.git'}", f"--work-tree={checkout}")
    listed = _git(
        *("-C", str(checkout), *repository),
        *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
    )
    return sorted(
        path
        for path in set(listed.split("\0"))
        if path and ((checkout / path).is_symlink() or (checkout / path).is_file())
    )


def _git(*arguments: str) -> str:
    return output(("git", *_SETTINGS, *arguments), environment=_ENVIRONMENT)
