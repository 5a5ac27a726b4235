"""The report of a suite: performance profiles over its tasks, and every lane's times and verdicts, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from sooner import files
from sooner._text import shown
from sooner.errors import StoreError
from sooner.reporting import format as words
from sooner.reporting.figures._base import axis, heading, label, layout, log_axis, rounded
from sooner.reporting.packed import packed_data, packed_plotly
from sooner.reporting.style import HUES
from sooner.reporting.summary import Median, own, summarise
from sooner.reporting.wording import verdict
from sooner.results.profiles import REACH, Identity, Profile, by_name, left_out, profiles
from sooner.results.records import Clock, Results

PAGE = "suite.html"
_WEB = Path(__file__).parent / "web"
_STYLES = ("base", "tables", "figures", "rest", "narrow")


@dataclass(frozen=True)
class Row:
    """One lane on one task, in words. `first` marks the first lane of a task."""

    task: str
    lane: str
    what: str
    hits: str
    wall: str
    verdicts: list[str]


def called(identity: Identity) -> str:
    """A lane over all tasks: its name, "fitted control of a and b", or "a without ema"."""
    names = words.join(list(identity.lanes))
    return names if identity.kind in ("lane", "without") else f"{identity.kind} control of {names}"


def caveat(races: Mapping[str, Results]) -> str:
    """What a profile over so few tasks can show."""
    missing = left_out(races)
    return (
        f"Over {words.number_of(len(races), 'task')}: shares come in steps of {1 / len(races):.0%}, and hold for these "
        "tasks on this machine only. A profile is of medians, without an interval, and depends on which lanes are in "
        "it; whether a lane is faster is for the verdicts to say."
        + (f" Left out, as they did not run on every task: {', '.join(map(called, missing))}." if missing else "")
    )


def write_suite(races: Mapping[str, Results], folder: Path) -> None:
    """Write the page of a suite into `folder`, where each task's report lies in a folder of the task's name.

    Like a race's page it holds all it needs and makes no request. Raises StoreError where it cannot be written.
    """
    path = folder / PAGE
    text = render(races)
    try:
        files.write_text(path, text)
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {path} ({error}); make room, or give another --out"
        ) from error


def render(races: Mapping[str, Results]) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_WEB),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    by_clock = {clock: profiles(races, clock) for clock in get_args(Clock)}
    return environment.get_template("suite.html.j2").render(
        tasks=list(races),
        reach=f"{REACH:g}",
        caveat=caveat(races),
        areas=[
            (called(profile.identity), [_area(by_clock[clock], profile.identity) for clock in by_clock])
            for profile in by_clock["wall"]
        ],
        clocks=list(by_clock),
        rows=rows(races),
        data=packed_data({clock: _plot(own) for clock, own in by_clock.items()}),
        css=Markup("".join((_WEB / f"{style}.css").read_text(encoding="utf-8") for style in _STYLES)),
        js=Markup("\n".join((_WEB / f"{name}.js").read_text(encoding="utf-8") for name in ("unpack", "suite"))),
        plotly=packed_plotly(),
    )


def rows(races: Mapping[str, Results]) -> list[Row]:
    """One per task and lane, with the race's verdicts on the wall clock."""
    rows = []
    for task, race in races.items():
        what = by_name(race)
        for lane in summarise(race):
            name = lane.lane.name
            rows.append(
                Row(
                    task=task,
                    lane=name,
                    what=lane.lane.role if what[name].kind == "lane" else called(what[name]),
                    hits=f"{lane.hits} of {len(lane.lane.runs)}",
                    wall=_median(lane.wall),
                    verdicts=[f"against {c.against}: {verdict(c)}" for c in own(race) if c.lane == name],
                )
            )
    return rows


def _median(time: Median | None) -> str:
    if time is None:
        return "none"
    return f"{'> ' if time.at_least else ''}{words.seconds(time.value)}"


def _area(curves: list[Profile], identity: Identity) -> str:
    return next(f"{profile.area:.2f}" for profile in curves if profile.identity == identity)


def _plot(curves: list[Profile]) -> dict[str, Any]:
    order = sorted(curves, key=lambda profile: called(profile.identity))  # a lane's colour must not depend on the clock
    looks = {profile.identity: _look(profile.identity, place) for place, profile in enumerate(order)}
    return {
        "data": [_line(profile, looks[profile.identity]) for profile in curves],
        "layout": layout(
            380,
            axis("times the fastest lane's median", **log_axis(1.0, REACH)),
            axis("", range=[-0.03, 1.05], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1]),
            annotations=[heading("tasks solved within the factor")],
            showlegend=True,
            legend={"orientation": "h", "y": -0.25, "font": {"color": "var(--ink)"}},
        ),
    }


def _look(identity: Identity, place: int) -> dict[str, Any]:
    if identity == Identity("lane", ("baseline",)):
        return {"color": "var(--lane-0)", "width": 2.5}
    dash = "solid" if identity.kind == "lane" else "dash"
    return {"color": f"var(--lane-{place % HUES + 1})", "width": 2.5, "dash": dash}


def _line(profile: Profile, look: dict[str, Any]) -> dict[str, Any]:
    name = label(called(profile.identity))
    inside = sorted({1.0, REACH, *(f for f in profile.factors.values() if f is not None and f <= REACH)})
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [rounded(factor) for factor in inside],
        "y": [rounded(profile.share(factor)) for factor in inside],
        "line": {**look, "shape": "hv"},
        "name": name,
        "hovertemplate": f"{name}: %{{y:.0%}} within %{{x:.3g}}x<extra></extra>",
    }
