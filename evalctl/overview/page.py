"""`rendered/<env>/README.md`, section by section."""

from collections.abc import Callable, Iterator, Mapping

from environments.spec import Environment
from evalctl.failures import ROOT
from evalctl.overview.architecture import architecture
from evalctl.overview.capacity import capacity
from evalctl.overview.checklist import checklist
from evalctl.overview.cost import cost
from evalctl.overview.inventory import inventory
from evalctl.overview.sizes import sizes
from evalctl.overview.versions import versions
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.rendering.tree import OVERVIEW_TITLE

# A section's lines below its heading. A section with dates has no result that depends on today's.
Section = Callable[[Environment, RenderedEnvironment], Iterator[str]]

SECTIONS: dict[str, Section] = {
    "Architecture": architecture,
    "Sizes": sizes,
    "Capacity": capacity,
    "Cost": cost,
    "Checklist": checklist,
    "Versions and their support": versions,
    "Inventory": inventory,
}


def markdown(env: Environment, texts: Mapping[str, str]) -> str:
    """The page, from the environment's files (path below its folder → text)."""
    # No section reads the boards, which are half of all text and take as long to parse.
    read = {path: text for path, text in texts.items() if not path.startswith("dashboards/")}
    rendered = RenderedEnvironment(env.name, read, ROOT, f"rendered/{env.name}")
    lines = [f"{OVERVIEW_TITLE}{env.name}", "", *_beginning(env)]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}", "", *section(env, rendered)]
    return "\n".join(lines) + "\n"


def _beginning(env: Environment) -> Iterator[str]:
    yield (
        f"`evalctl render` writes this page from `environments/{env.name.replace('-', '_')}.py` and the rendered "
        "files. Do not edit it."
    )
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| tier | {env.tier} |"
    yield f"| owner | {env.ownership.owner}, cost center {env.ownership.cost_center} |"
    yield f"| AWS account | {env.account.id}, {env.account.region} |"
    yield f"| copies of backups | {env.account.backup_copy_region or 'in no other region'} |"
    yield f"| address | https://{env.orchestrator.hostname} |"
    yield f"| Argo CD follows | {env.repository.owner}/{env.repository.name}, {env.repository.revision} |"
    yield f"| images come from | {env.promotes_from or 'builds'} |"
