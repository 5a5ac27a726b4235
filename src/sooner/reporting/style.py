"""How lanes look: one colour, dash and marker each, the same in every figure, table and legend.

Colours are names of the page's style sheet (`--lane-0` ...), which has them once for light and once for dark. They
follow the palette of Okabe and Ito (2008), which colour-blind readers can tell apart; its yellow, unreadable on paper,
is left out. The baseline always has the colour of the ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sooner.results.records import Results, Role

Dash = Literal["solid", "dash", "dot", "dashdot"]
HUES = 7  # --lane-1 to --lane-7; --lane-0 is the ink
SYMBOLS = ("circle", "diamond", "square")
_DASHES: dict[Role, tuple[Dash, Dash]] = {
    "baseline": ("solid", "solid"),
    "lane": ("solid", "dot"),
    "control": ("dash", "dashdot"),
}


@dataclass(frozen=True)
class LaneStyle:
    """A lane's look: `colour` as a CSS value, `dash` and `symbol` as plotly names them."""

    colour: str
    dash: Dash
    symbol: str

    @property
    def svg_dash(self) -> str:
        """The dash as an SVG `stroke-dasharray`."""
        return {"solid": "none", "dash": "6 4", "dot": "1.5 3.5", "dashdot": "7 3 1.5 3"}[self.dash]


def lane_styles(results: Results) -> list[LaneStyle]:
    """One style per lane, in the order of the results: controls dashed, colours used again only with another dash."""
    styles = []
    used = 0
    for lane in results.lanes:
        if lane.role == "baseline":
            styles.append(LaneStyle("var(--lane-0)", "solid", SYMBOLS[0]))
            continue
        turn, hue = divmod(used, HUES)
        dash = _DASHES[lane.role][min(turn, 1)]
        styles.append(LaneStyle(f"var(--lane-{hue + 1})", dash, SYMBOLS[turn % len(SYMBOLS)]))
        used += 1
    return styles
