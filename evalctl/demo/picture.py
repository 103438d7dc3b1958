"""A picture of the demo's page, for the README, by a browser without a window."""

from pathlib import Path
from tempfile import TemporaryDirectory

from evalctl.processes import output

BROWSER = "chromium"
_SIZE = "1280,1900"  # pixels: the numbers, and the first rows of the first board
_DRAWING_MILLISECONDS = 8_000  # of the page's own clock; charts are drawn by scripts
_SECONDS = 120


def draw(page: Path, file: Path) -> None:
    """Write the page's top as PNG.

    Raises:
        CommandFailedError: the browser is not installed, or failed.
    """
    with TemporaryDirectory() as profile:
        output(
            (
                *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--user-data-dir={profile}",
                f"--window-size={_SIZE}",
                f"--virtual-time-budget={_DRAWING_MILLISECONDS}",
                f"--screenshot={file.absolute()}",
                page.as_uri(),
            ),
            seconds=_SECONDS,
        )
