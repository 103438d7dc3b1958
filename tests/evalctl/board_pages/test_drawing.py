"""Every panel of every board has data: its query works in the real engines, on synthetic data."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboards.boards import boards
from environments.registry import ENVIRONMENTS
from evalctl.board_pages import drawing, page
from evalctl.board_pages.drawing import Pages
from tests.support.tools import program

GET_PROMETHEUS = "apt-get install prometheus"
ENV = ENVIRONMENTS[-1]

pytestmark = pytest.mark.rehearsal


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    for name in ("prometheus", "promtool"):
        program(name, get_it=GET_PROMETHEUS)
    return drawing.draw(ENV, out=tmp_path_factory.mktemp("board-pages"), progress=lambda step: None)


class _LoadedFiles(HTMLParser):
    """The files that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name == "src"]


def test_no_panel_is_empty_or_fails(drawn: Pages) -> None:
    assert not drawn.problems, "\n".join(drawn.problems)


def test_every_panel_of_every_board_is_on_its_page(drawn: Pages) -> None:
    for board, path in zip(boards(ENV), drawn.pages, strict=True):
        text = path.read_text()
        assert path.name == f"{board.uid}.html"
        for observable in board.observables:
            assert f"<h3><b>{observable.title}<" in text.replace("&amp;", "&")


def test_a_page_needs_no_server_and_no_network(drawn: Pages) -> None:
    for path in drawn.pages:
        files = _LoadedFiles()
        files.feed(path.read_text())
        assert files.sources == [page.SCRIPT]
        assert Path(path.parent, page.SCRIPT).stat().st_size > 1_000_000
