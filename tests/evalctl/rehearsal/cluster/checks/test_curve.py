"""The picture of the workers during a burst."""

from xml.etree import ElementTree

from evalctl.rehearsal.cluster.checks.curve import drawn
from evalctl.rehearsal.cluster.checks.scaling import Curve

SVG = "{http://www.w3.org/2000/svg}"


def _path(points: list[tuple[float, int]], *, seconds: float) -> str:
    picture = ElementTree.fromstring(drawn(points, ended=seconds / 2, seconds=seconds))
    path = picture.find(f"{SVG}path")
    assert path is not None
    return path.attrib["d"]


def test_each_change_is_a_step_and_the_line_goes_on_to_the_end() -> None:
    assert _path([(0, 2), (60, 4)], seconds=120) == "M50.0,142.5H375.0V30.0H700.0"


def test_fewer_workers_are_lower_in_the_picture() -> None:
    steps = _path([(0, 1), (60, 4), (600, 1)], seconds=1200)
    heights = [float(step.partition("V")[2]) for step in steps.split("H")[1:3]]
    assert heights[0] < heights[1]


def test_a_long_axis_has_few_marks() -> None:
    picture = ElementTree.fromstring(drawn([(0, 2), (60, 20)], ended=60, seconds=3600))
    assert len(picture.findall(f"{SVG}text")) < 30


def test_a_curve_keeps_changes_only() -> None:
    curve = Curve()
    for replicas in (1, 1, 2, 2, 1):
        curve.add(replicas)
    assert [replicas for _, replicas in curve.points] == [1, 2, 1]
