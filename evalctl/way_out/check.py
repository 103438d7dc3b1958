"""Checks the way out of cdktf: `make check-cdktn`; `make provider-changes` writes the page only.

It renders a copy of the sources with CDK Terrain, compares that with rendered/ by meaning, and compares
docs/provider-changes.md with what the schemas of both bindings list.
"""

import argparse
import datetime
import importlib.metadata
import json
import sys
import sysconfig
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from environments.names import TERRAFORM_FILE
from evalctl.processes import CommandFailedError
from evalctl.terminal import console, report
from evalctl.way_out import fork, page, provider_changes
from evalctl.way_out.comparison import ALLOWED
from evalctl.way_out.schema import Schema, UnknownLayoutError

ROOT = Path(__file__).parents[2]
RENDERED = ROOT / "rendered"
_OURS = "cdktf_cdktf_provider_aws"
_FORKS = ("cdktn", "cdktn_provider_aws")
_SHOWN = 20  # differences; one renamed argument may give hundreds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("environment", type=Path, help="the virtual environment with CDK Terrain")
    parser.add_argument("--write", action="store_true", help=f"only write {page.PATH}")
    options = parser.parse_args()
    environment: Path = options.environment.absolute()
    site_packages = next(environment.glob("lib/python3.*/site-packages"), None)
    if site_packages is None:
        report(f"{environment} is no virtual environment. `make check-cdktn` makes one.")
        return 1
    try:
        if options.write:
            return write_page(_page(site_packages))
        same = renders_the_same(environment / "bin" / "python", versions=_versions(site_packages))
        return 0 if page_is_current(_page(site_packages)) and same else 1
    except (CommandFailedError, UnknownLayoutError) as error:
        report(str(error))
    return 1


def renders_the_same(python: Path, *, versions: str) -> bool:
    """Whether CDK Terrain renders what is committed, but for the differences that are allowed."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch)
        with console.status(f"Rendering with {versions}"):
            renamed = fork.render(ROOT, python=python, out=out)
        found = list(fork.compare(RENDERED, out))
        stacks = len(list(out.glob(f"*/terraform/*/{TERRAFORM_FILE}")))
    console.print(
        f"{versions}: {len(renamed)} files renamed, {stacks} stacks rendered", highlight=False
    )
    counts = Counter(difference.allowed() for _, difference in found)
    for allowed in ALLOWED:
        console.print(
            f"  allowed {counts[allowed]} times: {allowed}", highlight=False, soft_wrap=True
        )
    problems = [
        *(f"{file}: {each}" for file, each in found if each.allowed() is None),
        *(
            f"no stack has this difference any more; remove it from ALLOWED: {allowed}"
            for allowed in ALLOWED
            if not counts[allowed]
        ),
    ]
    if problems:
        more = len(problems) - _SHOWN
        report(
            "CDK Terrain does not render the same any more. docs/way-out.md describes what to do.",
            *problems[:_SHOWN],
            *([f"and {more} more"] if more > 0 else []),
        )
    return not problems


def page_is_current(text: str) -> bool:
    """Whether the committed page has the versions and the changes of this one."""
    file = ROOT / page.PATH
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if page.without_extent(committed) == page.without_extent(text):
        console.print(f"{page.PATH} is current", highlight=False)
        return True
    report(f"{page.PATH} is out of date. Run `make provider-changes`, review it, and commit it.")
    return False


def write_page(text: str) -> int:
    (ROOT / page.PATH).write_text(text, encoding="utf-8")
    console.print(f"{page.PATH} is written", highlight=False)
    return 0


def _page(site_packages: Path) -> str:
    with console.status("Comparing the schemas of both bindings"):
        old = Schema.installed(_OURS, site_packages=Path(sysconfig.get_path("purelib")))
        new = Schema.installed(_FORKS[-1], site_packages=site_packages)
        documents = [
            json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(RENDERED.glob(f"*/terraform/*/{TERRAFORM_FILE}"))
        ]
        changes = provider_changes.compare(documents, old=old, new=new)
    return page.markdown(changes, old=old, new=new, day=datetime.datetime.now(datetime.UTC).date())


def _versions(site_packages: Path) -> str:
    installed = {
        each.metadata["Name"].replace("-", "_"): each.version
        for each in importlib.metadata.distributions(path=[str(site_packages)])
    }
    return " and ".join(f"{name} {installed.get(name, 'missing')}" for name in _FORKS)


if __name__ == "__main__":
    sys.exit(main())
