"""Where the time of a lane's median run goes, by phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.figures._base import (
    Figure,
    Key,
    Panel,
    TimeUnit,
    axis,
    label,
    lane_axis,
    layout,
    row_height,
    time_unit,
)
from sooner.reporting.summary import on_the_clock
from sooner.results.records import Results, Run
from sooner.training.evaluation import OFF_THE_CLOCK

COLOURS = 6  # --phase-0 to --phase-5 of the style sheet


def phases(results: Results) -> Figure:
    """The figure. A phase has one colour in all lanes; those off the clock come last and are hatched."""
    runs = {lane.name: run for lane in results.lanes if (run := median_run_by_length(lane.runs))}
    names = _in_order(list(runs.values()))
    keys = tuple(_key(name, i) for i, name in enumerate(names))
    return Figure(
        key="phases",
        title="Where the time goes",
        reading=(
            "One whole run per lane, from start to the end of its budget: the run of median length. The number is its "
            "time on the clock. Hatched phases are off the clock: no lane pays for being evaluated or saved."
        ),
        alt="Stacked bars of seconds by phase. "
        + " ".join(f"{name}: {words.seconds(on_the_clock(run))} on the clock." for name, run in runs.items()),
        panels=(Panel("", _plot(results, runs, keys, names, time_unit(results))),) if names else (),
        keys=keys,
    )


def median_run_by_length(runs: Sequence[Run]) -> Run | None:
    """The run whose time on the clock is the (lower) median, so that its phases add up to a real run."""
    timed = sorted((run for run in runs if run.phases), key=on_the_clock)
    return timed[(len(timed) - 1) // 2] if timed else None


def _in_order(runs: Sequence[Run]) -> list[str]:
    """Phases as they first appear, training first, those off the clock last."""
    seen = dict.fromkeys(name for run in runs for name in run.phases)
    return sorted(seen, key=lambda name: (name in OFF_THE_CLOCK, name != "train"))


def _key(name: str, position: int) -> Key:
    if name in OFF_THE_CLOCK:
        return Key(f"{name} (off the clock)", "var(--off-clock)", hatched=True)
    return Key(name, f"var(--phase-{position % COLOURS})")


def _plot(
    results: Results, runs: dict[str, Run], keys: Sequence[Key], names: Sequence[str], unit: TimeUnit
) -> dict[str, Any]:
    lanes = [(row, runs[lane.name]) for row, lane in enumerate(results.lanes) if lane.name in runs]
    height = row_height(results)
    data = [_bar(name, key, lane, unit) for name, key in zip(names, keys, strict=True) for lane in lanes]
    widest = max(unit.of(sum(run.phases.values())) for _, run in lanes)
    return {
        "data": [*data, *(_total(lane, unit) for lane in lanes)],
        "rows": height,
        "layout": layout(
            height["frame"] + height["each"] * len(results.lanes),
            axis(f"wall time, {unit.name}", range=[0, widest * 1.25]),
            lane_axis(results),
            barmode="stack",
            bargap=0.45,
        ),
    }


def _bar(name: str, key: Key, lane: tuple[int, Run], unit: TimeUnit) -> dict[str, Any]:
    hatch = {"shape": "/", "fgcolor": key.colour, "bgcolor": "rgba(0,0,0,0)", "size": 6, "solidity": 0.35}
    row, run = lane
    return {
        "type": "bar",
        "orientation": "h",
        "x": [unit.of(run.phases.get(name, 0.0))],
        "y": [row],
        "marker": {
            "color": key.colour,
            "line": {"width": 1 if key.hatched else 0, "color": key.colour},
            **({"pattern": hatch} if key.hatched else {}),
        },
        "hovertemplate": f"%{{x:.3g}} {unit.name}",
        "name": label(key.label),
        "meta": {"lane": row},
    }


def _total(lane: tuple[int, Run], unit: TimeUnit) -> dict[str, Any]:
    row, run = lane
    return {
        "type": "scatter",
        "mode": "text",
        "x": [unit.of(sum(run.phases.values()))],
        "y": [row],
        "text": [f"  {words.seconds(on_the_clock(run))}"],
        "textposition": "middle right",
        "textfont": {"color": "var(--ink)", "size": 13},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "meta": {"lane": row},
    }
