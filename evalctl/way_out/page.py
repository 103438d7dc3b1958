"""The page docs/provider-changes.md: what the newest AWS provider would change in our Terraform JSON."""

import datetime
import re
from pathlib import Path

from evalctl.way_out.provider_changes import Changes
from evalctl.way_out.schema import Schema

PATH = Path("docs/provider-changes.md")
_EXTENT = re.compile(r"^Compared on .*\n", re.MULTILINE)


def markdown(changes: Changes, *, old: Schema, new: Schema, day: datetime.date) -> str:
    """The page, with the day and the extent of the comparison."""
    rows = "".join(f"| `{place}` | {what} |\n" for place, what in sorted(changes.found.items()))
    table = f"| place | difference |\n|---|---|\n{rows}" if rows else "Nothing.\n"
    return (
        "# What the newest AWS provider would change here\n\n"
        "`make provider-changes` writes this page. "
        "[way-out.md](way-out.md#the-newest-aws-provider) describes what it compares.\n\n"
        "| | hashicorp/aws | bindings |\n|---|---|---|\n"
        f"| in use | {old.provider} | {old.bindings} |\n"
        f"| newest | {new.provider} | {new.bindings} |\n\n"
        f"Compared on {day}: the {len(changes.types)} types that `rendered/*/terraform/` uses (resources, data "
        f"sources, ephemeral resources, the provider), the {len(changes.arguments)} arguments and blocks that it "
        f"sets, and the {len(changes.attributes)} attributes that it reads. The newest provider has "
        f"{changes.optional} optional arguments and blocks more in them.\n\n"
        f"## What would change\n\n{table}"
    )


def without_extent(text: str) -> str:
    """The page without the day and the counts, which change without a change of a provider."""
    return _EXTENT.sub("", text)
