"""Numbers in, SVG attributes out."""

from __future__ import annotations

from portal.web.templatetags.portal_charts import bars, columns, sparkline


def test_a_line_needs_two_values() -> None:
    assert sparkline(None) is None
    assert sparkline([3]) is None


def test_a_line_runs_from_edge_to_edge_with_its_top_at_the_greatest_value() -> None:
    drawn = sparkline([0, 5, 10])
    assert drawn is not None
    assert drawn.line == "M0.0,31.0 L100.0,16.5 L200.0,2.0"
    assert drawn.area == f"{drawn.line} L200,32 L0,32 Z"


def test_a_line_of_zeros_lies_on_the_ground() -> None:
    drawn = sparkline([0, 0])
    assert drawn is not None
    assert drawn.line == "M0.0,31.0 L200.0,31.0"


def test_bars_share_the_length_of_the_longest() -> None:
    drawn = bars([{"label": "New", "value": 50, "href": "/x"}, {"label": "Old", "value": 200, "tone": "warn"}])
    assert [(bar.share, bar.tone, bar.href) for bar in drawn] == [("25.0%", "", "/x"), ("100.0%", "warn", "")]


def test_bars_of_nothing_have_no_length() -> None:
    assert [bar.share for bar in bars([{"label": "New", "value": 0}])] == ["0.0%"]
    assert bars(None) == []


def test_columns_stand_on_the_ground_side_by_side() -> None:
    drawn = columns([{"label": "Mon", "value": 1000}, {"label": "Tue", "value": 500}])
    assert [(column.x, column.y, column.height) for column in drawn] == [
        ("12.00", "1.00", "94.00"),
        ("112.00", "48.00", "47.00"),
    ]
    assert drawn[0].title == "Mon: 1,000"
