"""Replaces cdktf's package names by those of CDK Terrain: `python -m evalctl.way_out.renaming`.

`make check-cdktn` runs it on a copy. On the day of the move it runs on the checkout itself.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Packages and types only: `cdktf.json`, `cdktf.out` and the tag `ManagedBy: cdktf` keep their names.
_NAMES = (
    (re.compile(r"\bcdktf_cdktf_provider_aws\b"), "cdktn_provider_aws"),
    (re.compile(r"\bcdktf-cdktf-provider-aws\b"), "cdktn-provider-aws"),
    (re.compile(r"@cdktf/provider-aws\b"), "@cdktn/provider-aws"),
    (re.compile(r"\bimport cdktf\b"), "import cdktn"),
    (re.compile(r"\bcdktf\.(?=_?[A-Z_])"), "cdktn."),
)
# The folders that name cdktf's packages. This one is left out, because it names those of both.
FOLDERS = ("bindings", "stacks", "tests", "evalctl/benchmarks")
_LEFT_OUT = Path("tests/evalctl/way_out")


def rename(checkout: Path) -> list[Path]:
    """Rename in every Python file of these folders that exist; the files that changed, sorted."""
    changed = []
    for file in sorted(file for folder in FOLDERS for file in (checkout / folder).rglob("*.py")):
        if file.is_relative_to(checkout / _LEFT_OUT):
            continue
        before = file.read_text(encoding="utf-8")
        if (after := renamed(before)) != before:
            file.write_text(after, encoding="utf-8")
            changed.append(file)
    return changed


def renamed(text: str) -> str:
    for pattern, name in _NAMES:
        text = pattern.sub(name, text)
    return text


if __name__ == "__main__":
    for path in rename(ROOT):
        print(path.relative_to(ROOT))
