"""Finds manifests of a Kubernetes Secret with a value: any value in one is a key, whatever it looks like."""

import re
from collections.abc import Iterator

_SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)
_KIND = re.compile(
    r"""^(?P<indent>[ ]*)(?:- )?kind:[ ]*["']?Secret["']?[ ]*(?:#.*)?\r?$""", re.MULTILINE
)
_ENTRY = re.compile(
    r"""^[ ]+["']?(?P<name>[\w.-]+)["']?:[ ]*(?P<value>[^\s#].*?)[ ]*\r?$""", re.MULTILINE
)
# In braces: JSON, with quotation marks, or YAML, without. A name in quotation marks beside a value without
# them is code.
_BRACED_KIND = re.compile(
    r"""(?<![\w-])(?:"kind"\s*:\s*"Secret"|kind:[ ]*Secret\s*$)""", re.MULTILINE
)
_BRACED_BLOCK = re.compile(r"""(?<![\w-])"?(?:data|stringData)"?\s*:\s*\{(?P<entries>[^{}]*)\}""")
_BRACED_ENTRY = re.compile(
    r"""(?<![\w"-])(?P<quote>"?)(?P<name>[\w.-]+)(?P=quote)\s*:\s*(?P=quote)(?P<value>[^"',\s]*)"""
)
# Filled in later, or empty.
_PLACEHOLDER = re.compile(r"""["']?(?:\{\{|\$|<|…|["']?$)""")


def values(text: str) -> Iterator[re.Match[str]]:
    """The entries with a value, in YAML and in JSON."""
    for start, document in _documents(text):
        found = [*_indented(text, start, document), *_braced(text, start, document)]
        yield from (match for match in found if not _PLACEHOLDER.match(match["value"]))


def _documents(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for separator in _SEPARATOR.finditer(text):
        yield start, text[start : separator.start()]
        start = separator.end()
    yield start, text[start:]


def _indented(text: str, start: int, document: str) -> Iterator[re.Match[str]]:
    for kind in _KIND.finditer(document):
        indent = kind["indent"] + ("  " if "- kind" in kind.group() else "")
        block = rf"^{indent}(?:data|stringData):[ ]*\r?\n(?:{indent}[ ]+.*(?:\n|$)|[ ]*\r?\n)+"
        for found in re.finditer(block, document, re.MULTILINE):
            first_line = document.index("\n", found.start()) + 1
            yield from _ENTRY.finditer(text, start + first_line, start + found.end())


def _braced(text: str, start: int, document: str) -> Iterator[re.Match[str]]:
    if _BRACED_KIND.search(document):
        for block in _BRACED_BLOCK.finditer(document):
            yield from _BRACED_ENTRY.finditer(
                text, start + block.start("entries"), start + block.end("entries")
            )
