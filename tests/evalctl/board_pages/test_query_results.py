"""ClickHouse's results become the same lines as in its plugin for Grafana."""

from evalctl.board_pages.query_results import Column, Line, Table, by_time

TIME = Column(name="time", type="DateTime('UTC')")
METRIC = Column(name="metric", type="LowCardinality(String)")
SCORE = Column(name="score", type="Float64")
NOON = 1_795_176_000  # 2026-11-20 12:00 UTC


def test_each_text_is_a_line_with_the_names_of_the_number_and_the_text() -> None:
    rows = (
        ("2026-11-20 12:00:00", "a", 0.5),
        ("2026-11-20 12:00:00", "b", 0.7),
        ("2026-11-20 12:01:00", "a", 0.6),
    )

    assert list(by_time(Table(columns=(TIME, METRIC, SCORE), rows=rows))) == [
        Line(name="score a", times=(NOON, NOON + 60), values=(0.5, 0.6)),
        Line(name="score b", times=(NOON,), values=(0.7,)),
    ]


def test_each_number_column_is_a_line() -> None:
    count = Column(name="count", type="Nullable(UInt64)")
    rows = (("2026-11-20 12:00:00", 0.5, None),)

    assert [line.name for line in by_time(Table(columns=(TIME, SCORE, count), rows=rows))] == [
        "score",
        "count",
    ]
