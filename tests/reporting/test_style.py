from __future__ import annotations

from sooner.reporting.style import lane_styles
from sooner.results.records import Lane
from tests.reporting.races import race


def test_twelve_lanes_look_different_and_roles_show() -> None:
    lanes = [Lane("baseline", "baseline", {}, [])]
    lanes += [Lane(f"m{i}", "lane", {}, []) for i in range(8)]
    lanes += [Lane(f"c{i}", "control", {}, []) for i in range(3)]
    styles = lane_styles(race(lanes))
    assert styles[0].colour == "var(--lane-0)"
    assert len({(style.colour, style.dash) for style in styles}) == 12
    assert all(style.dash.startswith("dash") for style in styles[9:])
    assert not any(style.dash.startswith("dash") for style in styles[:9])
    assert [style.symbol for style in styles[6:10]] == ["circle", "circle", "diamond", "diamond"]
