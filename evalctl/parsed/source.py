"""A text with the line of each of its values, read only when a line is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import yaml

Step = str | int


@dataclass(frozen=True)
class Source:
    """A rendered file, or a document inside a value of one, such as a policy or Alertmanager's configuration."""

    file: str  # as a reader types it, from the repository's root
    text: str
    outer: "Source | None" = None  # of the value that holds the document
    path: tuple[Step, ...] = ()  # of that value, in the outer one
    problem_line: int = 1  # of a text that cannot be read

    @property
    def within(self) -> tuple[Step, ...]:
        """The path of the value that holds the document, from the file's top."""
        return (*self.outer.within, *self.path) if self.outer else ()

    @cached_property
    def _lines_before(self) -> int:
        return self.outer.text_starts(self.path) if self.outer else self.problem_line - 1

    def line(self, path: Sequence[Step]) -> int:
        """The line of the value at a path; of the nearest value around it if it is missing."""
        if not path:  # without reading a text that may be no document
            return self._lines_before + 1
        place, line = self._tree, 1
        for step in path:
            found = _child(place, step)
            if found is None:
                break
            line, place = found
        return self._lines_before + line

    def text_starts(self, path: Sequence[Step]) -> int:
        """How many lines are before a text's first own line."""
        line = self.line(path)
        place = self._tree
        for step in path:
            found = _child(place, step)
            place = found[1] if found else None
        in_block = isinstance(place, yaml.ScalarNode) and place.style in ("|", ">")
        return line if in_block else line - 1

    @cached_property
    def _tree(self) -> yaml.Node | None:
        try:  # JSON in the form that is rendered is YAML too
            tree: yaml.Node | None = yaml.compose(self.text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, RecursionError):
            return None
        return tree


def _child(place: yaml.Node | None, step: Step) -> tuple[int, yaml.Node] | None:
    if isinstance(place, yaml.MappingNode):
        for key, value in place.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(place, yaml.SequenceNode) and isinstance(step, int) and step < len(place.value):
        item = place.value[step]
        return item.start_mark.line + 1, item
    return None
