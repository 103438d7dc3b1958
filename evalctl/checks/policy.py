"""The findings of checkov in the rendered files, without those that `policy_skips.toml` skips."""

import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from environments.names import TERRAFORM_FILE
from environments.spec import Environment, Tier
from evalctl.processes import CommandFailedError, output

SKIPS = Path(__file__).with_name("policy_skips.toml")

# The keys of each kind of entry in that file. A skip may have the key `tier` besides.
_KEYS = {"skip": {"check", "resource", "reason"}, "replaced": {"check", "reason"}}
_TIER = "tier"
_SCAN = Path(__file__).with_name("checkov_scan.py")
# Without `argocd-install`, which holds patches and not whole objects: only Kustomize can fetch those.
# Without `preview`, which is a smaller copy of `k8s`.
_KUBERNETES_FOLDERS = ("k8s", "argocd")
# Checkov cannot read an ApplicationSet, because the name in its template has a parameter. It has no check
# for this kind.
_UNREADABLE = "ApplicationSet-*.yaml"
# Checkov's settings come only from here, so that the result is the same on every machine.
_FOREIGN_SETTINGS = ("BC_", "CHECKOV_", "CKV_", "LOG_LEVEL", "PRISMA_")
_SETTINGS = {
    "CKV_IGNORE_HIDDEN_DIRECTORIES": "false",  # a checkout may be below one
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
}


@dataclass(frozen=True, order=True)
class Finding:
    """A violation of a policy, or a reason why policies could not be checked."""

    file: str
    resource: str
    check: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.resource}: {self.check}, {self.message}"


@dataclass(frozen=True, kw_only=True)
class Skip:
    """A check that is wrong for the resources that a glob pattern matches, and the reason."""

    check: str
    resource: str  # as in "*/terraform/cluster/aws_eks_cluster.*"
    reason: str
    tier: Tier | None = None  # None: in the environments of every tier
    replaced: bool = False  # a check of ours decides instead, whether this one fails or not

    def matches(self, finding: Finding, folder: Path, tiers: Mapping[str, Tier]) -> bool:
        return (
            self.check == finding.check
            and self.tier in (None, tiers.get(folder.parts[0]))
            and fnmatchcase(f"{folder.as_posix()}/{finding.resource}", self.resource)
        )


class _Entry(TypedDict):
    file: str
    resource: str
    check: str
    message: str


class _Scanned(TypedDict):
    read: list[str]
    failed: list[_Entry]
    skipped: list[_Entry]


@dataclass(frozen=True)
class Scan:
    """What checkov found, before the skips."""

    rendered: Path
    jobs: list[tuple[str, Path]]
    results: list[_Scanned]


def findings(
    rendered: Path, environments: Sequence[Environment], *, skips: Path = SKIPS
) -> list[Finding]:
    """Every failed check below `rendered`, every skip that matches nothing, every file not checked.

    Raises:
        ValueError: `skips` cannot be read, or there is nothing to check.
        RuntimeError: checkov failed.
    """
    read_skips(skips)  # before the scan, which takes long
    return not_skipped(scan(rendered), environments, skips=skips)


def scan(rendered: Path) -> Scan:
    """Run checkov.

    Raises:
        ValueError: there is nothing to check.
        RuntimeError: checkov failed.
    """
    rendered = rendered.resolve()
    jobs = _jobs(rendered)
    if not jobs:
        raise ValueError(f"{rendered} holds nothing to check; run `make render`.")
    return Scan(rendered, jobs, _scan(jobs))


def not_skipped(
    scan: Scan, environments: Sequence[Environment], *, skips: Path = SKIPS
) -> list[Finding]:
    """The findings of a scan, as `findings` returns them.

    Raises:
        ValueError: `skips` cannot be read.
    """
    rendered, scanned = scan.rendered, scan.results
    allowed = read_skips(skips)
    tiers = {env.name: env.tier for env in environments}
    failed = [
        (finding, Path(entry["file"]).parent.relative_to(rendered))
        for result in scanned
        for entry in result["failed"]
        for finding in [_finding(entry, rendered)]
    ]
    return sorted(
        {
            *(
                finding
                for finding, folder in failed
                if not any(skip.matches(finding, folder, tiers) for skip in allowed)
            ),
            *(
                Finding(
                    skips.name,
                    skip.resource,
                    skip.check,
                    "skipped, but nothing fails; remove the skip",
                )
                for skip in allowed
                if not skip.replaced
                and not any(skip.matches(finding, folder, tiers) for finding, folder in failed)
            ),
            *_skipped_elsewhere(scanned, rendered),
            *_unread(scan.jobs, scanned, rendered),
        }
    )


def read_skips(file: Path) -> list[Skip]:
    """The skips in a file.

    Raises:
        ValueError: the file is not TOML; or an entry lacks one of its keys, or has more.
    """
    try:
        document = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is not TOML: {error}. Correct it there.") from error
    skips, problems = [], []
    for kind, keys in _KEYS.items():
        for number, entry in enumerate(document.pop(kind, []), 1):
            tier = entry.pop(_TIER, None) if kind == "skip" else None
            if tier not in (None, *Tier):
                problems.append(
                    f"{kind} {number}: the tier is {tier!r}; use one of {', '.join(Tier)}, or no tier"
                )
            elif set(entry) != keys or not all(
                isinstance(value, str) and value.strip() for value in entry.values()
            ):
                needed = ", ".join(sorted(keys))
                problems.append(f"{kind} {number}: give it these keys, each a string: {needed}")
            else:
                skips.append(
                    Skip(
                        check=entry["check"],
                        resource=entry.get("resource", "*"),
                        reason=entry["reason"],
                        tier=None if tier is None else Tier(tier),
                        replaced=kind == "replaced",
                    )
                )
    problems += [f"{key}: unknown; entries start with [[skip]] or [[replaced]]" for key in document]
    if problems:
        raise ValueError("\n".join(f"{file.name}: {problem}" for problem in problems))
    return skips


def _jobs(rendered: Path) -> list[tuple[str, Path]]:
    """Scanner and folder. Checkov joins the files of a job, so each job holds what belongs together:
    one stack, or the manifests of one environment."""
    stacks = [
        ("terraform", file.parent) for file in rendered.glob(f"*/terraform/*/{TERRAFORM_FILE}")
    ]
    clusters = [
        ("kubernetes", folder)
        for name in _KUBERNETES_FOLDERS
        for folder in rendered.glob(f"*/{name}")
        if any(folder.rglob("*.yaml"))
    ]
    return sorted(stacks + clusters)


def _scan(jobs: list[tuple[str, Path]]) -> list[_Scanned]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN_SETTINGS)}
    if find_spec("checkov") is None:  # its process would print a traceback
        raise ModuleNotFoundError("checkov is not installed", name="checkov")
    command = (sys.executable, "-P", str(_SCAN), *(str(part) for job in jobs for part in job))
    try:
        printed = output(command, environment=environment | _SETTINGS, seconds=None)
    except CommandFailedError as error:
        raise RuntimeError(f"checkov failed:\n{error.output[-4000:]}") from error
    results: list[_Scanned] = json.loads(printed.splitlines()[-1])
    return results


def _skipped_elsewhere(scanned: list[_Scanned], rendered: Path) -> Iterator[Finding]:
    for result in scanned:
        for entry in result["skipped"]:
            finding = _finding(entry, rendered)
            message = "skipped by an annotation; move the skip to policy_skips.toml"
            yield Finding(finding.file, finding.resource, finding.check, message)


def _unread(
    jobs: list[tuple[str, Path]], scanned: list[_Scanned], rendered: Path
) -> Iterator[Finding]:
    """Files that checkov skipped silently because it could not read them; they must not count as passed."""
    expected = {
        file
        for scanner, folder in jobs
        for file in folder.rglob(TERRAFORM_FILE if scanner == "terraform" else "*.yaml")
        if not fnmatchcase(file.name, _UNREADABLE)
    }
    for file in expected - {Path(file) for result in scanned for file in result["read"]}:
        yield Finding(_shown(file, rendered), "-", "unread", "checkov could not read this file")


def _finding(entry: _Entry, rendered: Path) -> Finding:
    file = _shown(Path(entry["file"]), rendered)
    return Finding(file, entry["resource"], entry["check"], entry["message"])


def _shown(file: Path, rendered: Path) -> str:
    return file.relative_to(rendered.parent).as_posix()
