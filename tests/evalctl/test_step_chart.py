"""The picture of numbers that change in steps."""

from xml.etree import ElementTree

from evalctl.rehearsal.cluster.checks.scaling import Curve
from evalctl.step_chart import Line, Panel, drawn

SVG = "{http://www.w3.org/2000/svg}"


def _picture(*points: list[tuple[float, int]], seconds: float) -> ElementTree.Element:
    lines = [Line(name=f"line {index}", points=each) for index, each in enumerate(points)]
    panel = Panel(title="workers", lines=lines)
    return ElementTree.fromstring(drawn([panel], seconds=seconds, mark=(seconds / 2, "the end")))


def _path(points: list[tuple[float, int]], *, seconds: float) -> str:
    path = _picture(points, seconds=seconds).find(f"{SVG}path")
    assert path is not None
    return path.attrib["d"]


def test_each_change_is_a_step_and_the_line_goes_on_to_the_end() -> None:
    assert _path([(0, 2), (60, 4)], seconds=120) == "M60.0,127.5H380.0V30.0H700.0"


def test_fewer_workers_are_lower_in_the_picture() -> None:
    steps = _path([(0, 1), (60, 4), (600, 1)], seconds=1200)
    heights = [float(step.partition("V")[2]) for step in steps.split("H")[1:3]]
    assert heights[0] < heights[1]


def test_what_changes_after_the_end_is_left_out() -> None:
    assert _path([(0, 4), (90, 1)], seconds=60) == _path([(0, 4)], seconds=60)


def test_a_long_axis_has_few_marks() -> None:
    for most, seconds in ((20, 3600), (10_000, 14_000), (123_456, 60)):
        picture = _picture([(0, 2), (30, most)], seconds=seconds)
        assert 5 < len(picture.findall(f"{SVG}text")) < 35


def test_each_of_several_lines_has_its_name_and_colour() -> None:
    picture = _picture([(0, 1), (1, 2)], [(0, 2)], seconds=60)
    names = [text.text for text in picture.findall(f"{SVG}text") if "fill" in text.attrib]
    assert names == ["line 0", "line 1"]
    assert len({path.attrib["stroke"] for path in picture.findall(f"{SVG}path")}) == 2


def test_a_curve_keeps_changes_only() -> None:
    curve = Curve()
    for replicas in (1, 1, 2, 2, 1):
        curve.add(replicas)
    assert [replicas for _, replicas in curve.points] == [1, 2, 1]
