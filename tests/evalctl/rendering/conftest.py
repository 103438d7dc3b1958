"""A scratch folder of the test's own."""

from collections.abc import Iterator

import pytest

from evalctl.rendering.scratch import Scratch, exclusive


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    with exclusive(tmp_path_factory.mktemp("checkout") / ".evalctl", on_wait=pytest.fail) as place:
        yield place
