"""The commands on the pages of docs/."""

import re

from tests.support.paths import ROOT


def shell_blocks(page: str, section: str | None = None) -> list[str]:
    """The `bash` blocks of a page, or of one of its sections with its subsections."""
    text = (ROOT / "docs" / page).read_text()
    if section is not None:
        _, found, rest = text.partition(f"\n## {section}\n")
        assert found, f"docs/{page} has no section {section!r}"
        text = rest.split("\n## ")[0]
    return re.findall(r"^```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
