"""Charts: where strokes and words go, and that nothing is drawn where nothing is known."""

import re

from model_lineup.panel import charts, wording
from model_lineup.panel.charts import HEIGHT, Chart, Series
from model_lineup.panel.render import environment

HOSTILE = "<script>alert(1)</script>{{7*7}}\u202e"


def _drawn(chart: Chart) -> str:
    template = environment().from_string('{% import "charts.html" as charts %}{{ charts.chart(drawn) }}')
    return template.render(drawn=chart)


def test_a_line_ends_where_nothing_is_known_and_begins_again_after() -> None:
    chart = charts.lines("Times", [Series("p50", [(0, 10.0), (1, 20.0), (2, None), (3, 5.0), (4, 0.0)])])
    assert len(chart.strokes) == 2
    assert chart.strokes[0].points.startswith("20.0,")
    assert chart.strokes[1].points.endswith(f"980.0,{HEIGHT:.1f}")
    assert [row[1] for row in chart.rows] == ["10", "20", wording.DASH, "5", "0"]


def test_a_single_value_is_a_dot() -> None:
    chart = charts.lines("Times", [Series("p50", [(7, 10.0)])], value=wording.milliseconds)
    assert not chart.strokes
    assert [(dot.x, dot.text) for dot in chart.dots] == [(50.0, "p50, 7: 10\u202fms")]


def test_the_scale_ends_at_a_round_number_that_nothing_exceeds() -> None:
    for greatest, top in ((1, 1), (7, 8), (99, 100), (101, 150), (0.03, 0.03), (1234, 1500), (0, 1)):
        chart = charts.lines("x", [Series("y", [(0, greatest), (1, 0)])], value=lambda one: f"{one:g}")
        assert float(chart.grid[-1].text) == top, greatest
        assert chart.grid[0].at == HEIGHT


def test_parts_of_a_bar_stand_on_each_other() -> None:
    chart = charts.bars("Requests", ["1 May", "2 May"], [("ok", [30, 0]), ("failed", [10, None])])
    lower, upper = chart.bars
    assert upper.y + upper.height == lower.y
    assert lower.y + lower.height == HEIGHT
    assert chart.rows == [["1 May", "30", "10"], ["2 May", "0", wording.DASH]]


def test_a_distribution_ends_at_all_of_the_values() -> None:
    chart = charts.cdf("TTFT", [("run 1", [5.0, 1.0, 3.0, 4.0])], value=wording.milliseconds)
    steps = [tuple(map(float, point.split(","))) for point in chart.strokes[0].points.split()]
    assert steps == sorted(steps, key=lambda step: (step[0], -step[1]))
    assert steps[-1] == (1000.0, 14.0)
    assert ["50 %", "3.0\u202fms"] in chart.rows


def test_ten_thousand_values_make_a_small_drawing() -> None:
    chart = charts.cdf("TTFT", [("run", [float(one) for one in range(10_000)])], value=wording.milliseconds)
    assert len(_drawn(chart)) < 30_000


def test_nothing_measured_is_said_and_not_drawn() -> None:
    empty = (
        charts.lines("a", []),
        charts.lines("a", [Series("b", [(0, None)])]),
        charts.bars("a", [], []),
        charts.cdf("a", [("b", [])], value=wording.milliseconds),
    )
    for chart in empty:
        assert chart.is_empty
        assert "nothing to draw" in _drawn(chart)


def test_names_are_text_in_the_drawing_and_no_style_is_inline() -> None:
    for chart in (
        charts.lines(HOSTILE, [Series(HOSTILE, [(0, 1.0), (1, 2.0)]), Series("b", [(0, 1.0)])], x_name=HOSTILE),
        charts.bars(HOSTILE, [HOSTILE, "b"], [(HOSTILE, [1, 2]), ("c", [3, 4])]),
        charts.cdf(HOSTILE, [(HOSTILE, [1.0]), ("c", [2.0])], value=wording.milliseconds),
    ):
        html = _drawn(chart)
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert not re.search(r"\sstyle=", html)
        assert "<desc>" in html
        assert "<table" in html
