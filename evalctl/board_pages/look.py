"""Colours and measures of the page, close to Grafana's dark theme."""

from evalctl.board_pages.dashboard_file import Step

BACKGROUND = "#111217"
PANEL = "#181b1f"
BORDER = "#2c3235"
TEXT = "#ccccdc"
FAINT = "#8e8e9c"
GRID = "rgba(204, 204, 220, 0.08)"
FONT = "Inter, 'Helvetica Neue', Arial, sans-serif"

# Lines and bars, in their order.
PALETTE = (
    "#73bf69",
    "#f2cc0c",
    "#5794f2",
    "#ff9830",
    "#b877d9",
    "#8ab8ff",
    "#ff7383",
    "#37872d",
    "#fade2a",
    "#1f60c4",
)

_NAMED = {
    "green": "#73bf69",
    "orange": "#ff9830",
    "red": "#f2495c",
    "text": TEXT,
}
CLEAR = "transparent"


def hex_of(name: str) -> str:
    """A threshold's colour; the dashboards use no others."""
    return _NAMED[name]


def color_at(value: float, steps: list[Step]) -> str:
    """The name of the colour that holds at this value."""
    name = steps[0]["color"]
    for step in steps[1:]:
        if step["value"] is not None and value >= step["value"]:
            name = step["color"]
    return name


def line_color(steps: list[Step], index: int) -> str:
    """Of the line at a step: its own, or below what is clear, that of the step it ends."""
    clear = next((i for i, step in enumerate(steps) if step["color"] == CLEAR), 0)
    return hex_of(steps[index - 1 if clear >= index else index]["color"])
