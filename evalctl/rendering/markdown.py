"""Differences as Markdown, short enough for a comment on a pull request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 30_000  # characters; half of what a GitHub comment can hold
_NAMED = 100


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One file or object and the lines of its unified diff, without the header."""

    name: str
    lines: str

    @property
    def summary(self) -> str:
        """The name with the numbers of added and removed lines."""
        lines = self.lines.splitlines()
        added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
        return f"- `{self.name}` +{added} -{removed}"

    @property
    def details(self) -> str:
        fence = "`" * max(5, 1 + max(map(len, re.findall("`+", self.lines)), default=0))
        return f"\n<details><summary>{self.name}</summary>\n\n{fence}diff\n{self.lines}{fence}\n</details>\n"


def document(heading: str, differences: Sequence[Difference], *, limit: int, see_rest: str) -> str:
    """The heading, all names, then the differences; whole ones are left out to stay within `limit`.

    `see_rest` is where a reader finds what is left out.
    """
    names = "\n".join(each.summary for each in differences[:_NAMED])
    more = f"\n- and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
    text = f"{heading}\n\n{names}{more}\n"
    left_out = 0
    for each in differences:
        if len(text) + len(each.details) > limit:
            left_out += 1
        else:
            text += each.details
    return f"{text}\nLeft out for their length: {left_out}; {see_rest}.\n" if left_out else text
