"""The rendered files of one environment, each parsed when it is first read, and then kept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from environments.names import LOCK_FILE, TERRAFORM_FILE, Stack
from evalctl import kubernetes_yaml
from evalctl.parsed.node import Node, UnusableError
from evalctl.parsed.source import Source
from evalctl.parsed.strict_json import json_value

_SUFFIXES = (".yaml", ".json")


@dataclass(frozen=True, eq=False)  # equal only to itself, so that what is read from it can be kept
class RenderedEnvironment:
    """Files by their path below the environment's folder."""

    name: str
    texts: Mapping[str, str]
    root: Path  # the repository, which also has docs/
    shown: str  # how a report names the environment's folder
    _parsed: dict[str, tuple[str, Node | UnusableError]] = field(default_factory=dict, repr=False)
    # Checks read the same folders hundreds of times.
    _below: dict[tuple[str, ...], list[Node]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, folder: Path, *, root: Path) -> "RenderedEnvironment":
        """Read a folder such as `rendered/prod`; bytes that are not UTF-8 are kept as they are."""
        texts = {
            file.relative_to(folder).as_posix(): file.read_bytes().decode("utf-8", "replace")
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.suffix in _SUFFIXES and _rendered(file, folder)
        }
        shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
        return cls(folder.name, texts, root, shown.as_posix())

    def with_texts(self, changed: Mapping[str, str | None]) -> "RenderedEnvironment":
        """The same with other texts; without a file where the text is None."""
        texts = {path: text for path, text in {**self.texts, **changed}.items() if text is not None}
        return RenderedEnvironment(self.name, texts, self.root, self.shown, self._parsed.copy())

    def file(self, path: str) -> Node:
        """The document of a file; its value is None if there is no such file.

        Raises:
            UnusableError: the file cannot be parsed, or it holds no mapping.
        """
        text = self.texts.get(path)
        if text is None:
            return Node(Source(f"{self.shown}/{path}", ""), (), None)
        kept = self._parsed.get(path)
        if kept is None or kept[0] != text:
            kept = self._parsed[path] = (text, _parse(Source(f"{self.shown}/{path}", text)))
        if isinstance(kept[1], UnusableError):
            raise kept[1]
        return kept[1]

    def stack(self, stack: Stack) -> Node:
        return self.file(f"terraform/{stack}/{TERRAFORM_FILE}")

    def below(self, *folders: str) -> list[Node]:
        """The documents below these folders, without those that cannot be parsed: a check reports them."""
        if folders not in self._below:
            self._below[folders] = list(self._documents(tuple(f"{folder}/" for folder in folders)))
        return self._below[folders]

    def _documents(self, starts: tuple[str, ...]) -> Iterator[Node]:
        for path in sorted(self.texts):
            if path.startswith(starts):
                try:
                    yield self.file(path)
                except UnusableError:
                    continue

    def place(self, path: str) -> Node:
        """A file or folder as the place of a finding."""
        return Node(Source(f"{self.shown}/{path}", self.texts.get(path, "")), (), None)


def _rendered(file: Path, folder: Path) -> bool:
    """Whether it is not one of the files that Terraform keeps beside the rendered ones."""
    below = file.relative_to(folder).parts
    return below[0] != "terraform" or below[-1] in (TERRAFORM_FILE, LOCK_FILE)


def _parse(source: Source) -> Node | UnusableError:
    line, problem, value = 1, "", None
    try:
        if source.file.endswith(".json"):
            value = json_value(source.text)
        else:
            documents = kubernetes_yaml.rendered_documents(source.text)
            if len(documents) != 1:
                problem = f"this file must hold one document, and it holds {len(documents)}"
            else:
                value = documents[0]
    except json.JSONDecodeError as error:
        line, problem = error.lineno, f"this is not JSON: {error.msg}"
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = str(error.problem or error.context)
        if not isinstance(error, kubernetes_yaml.NotRenderedError):
            problem = f"this is not YAML: {problem}"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = f"this cannot be read: {str(error).partition(chr(10))[0]}"
    if not problem and not isinstance(value, dict):
        problem = "this file must hold a mapping"
    if problem:
        return UnusableError(
            Node(Source(source.file, "", problem_line=line), (), None),
            f"{problem}; render it again",
        )
    return Node(source, (), value)
