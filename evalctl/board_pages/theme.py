"""Colours and fonts of a page, similar to Grafana's dark theme."""

from evalctl.board_pages.dashboard_file import Step

BACKGROUND = "#111217"
PANEL = "#181b1f"
BORDER = "#2c3235"
TEXT = "#ccccdc"
MUTED = "#8e8e9c"
GRID = "rgba(204, 204, 220, 0.08)"
FONT = "Inter, 'Helvetica Neue', Arial, sans-serif"

# Colours of lines and bars, in order.
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
TRANSPARENT = "transparent"


def hex_color(name: str) -> str:
    """The hexadecimal value of a threshold's colour; the dashboards use no others."""
    return _NAMED[name]


def color_at(value: float, steps: list[Step]) -> str:
    """The name of the colour of the step that contains this value."""
    name = steps[0]["color"]
    for step in steps[1:]:
        if step["value"] is not None and value >= step["value"]:
            name = step["color"]
    return name


def line_color(steps: list[Step], index: int) -> str:
    """The colour of the line at a step: the step's, or the previous step's below a transparent one."""
    transparent = next((i for i, step in enumerate(steps) if step["color"] == TRANSPARENT), 0)
    return hex_color(steps[index - 1 if transparent >= index else index]["color"])
