"""The parts of a Grafana dashboard's JSON that board pages read."""

import json
from typing import Literal, NotRequired, TypedDict, cast


class GridPos(TypedDict):
    """A panel's position in columns and rows of the grid."""

    x: int
    y: int
    w: int
    h: int


class Target(TypedDict):
    """One query, of Prometheus (`expr`) or of ClickHouse (`rawSql`)."""

    expr: NotRequired[str]
    legendFormat: NotRequired[str]
    instant: NotRequired[bool]
    rawSql: NotRequired[str]


class Step(TypedDict):
    """A threshold: its colour applies from `value` to the next step's."""

    value: float | None
    color: str


class Thresholds(TypedDict):
    steps: list[Step]


class ThresholdsStyle(TypedDict):
    mode: str


class Stacking(TypedDict):
    mode: str


class Custom(TypedDict, total=False):
    """Settings that only some panel types have."""

    drawStyle: str
    showPoints: str
    thresholdsStyle: ThresholdsStyle
    stacking: Stacking
    axisSoftMin: float
    axisSoftMax: float


class Defaults(TypedDict):
    unit: str
    thresholds: Thresholds
    decimals: NotRequired[int]
    custom: NotRequired[Custom]


class FieldConfig(TypedDict):
    defaults: Defaults


class Link(TypedDict):
    url: str


class Panel(TypedDict):
    """A panel; a row has the first four only."""

    id: int
    type: Literal["row", "timeseries", "stat", "barchart", "table"]
    title: str
    gridPos: GridPos
    description: str
    targets: list[Target]
    fieldConfig: FieldConfig
    links: list[Link]
    interval: NotRequired[str]


class Dashboard(TypedDict):
    title: str
    description: str
    panels: list[Panel]


def read(text: str) -> Dashboard:
    """The dashboard in this text."""
    return cast(Dashboard, json.loads(text))
