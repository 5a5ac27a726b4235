"""What `sooner suite` shows of its races: every headline, and the profiles as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from rich.console import Console

from sooner.reporting.console import ruled_table, say
from sooner.reporting.headlines import headlines
from sooner.reporting.suite import called, caveat
from sooner.results.profiles import REACH, Profile, profiles
from sooner.results.records import Clock, Results


def show(races: Mapping[str, Results], console: Console) -> None:
    """Print the results of the races, by task, and the profiles of the lanes over all of them."""
    for name, race in races.items():
        for headline in headlines(race):
            say(console, f"{name}: {headline.lane.name} {headline.sentence}")
    by_clock = {clock: {profile.identity: profile for profile in profiles(races, clock)} for clock in get_args(Clock)}
    shares = ("fastest on", "within 2x", f"within {REACH:g}x")
    table = ruled_table("lane", *shares, "area, wall", "examples")
    for identity, wall in by_clock["wall"].items():
        areas = [f"{by_clock[clock][identity].area:.2f}" for clock in get_args(Clock)]
        table.add_row(called(identity), *(_tasks(wall, factor) for factor in (1.0, 2.0, REACH)), *areas)
    console.print(table)
    say(console, caveat(races))


def _tasks(profile: Profile, factor: float) -> str:
    return f"{round(profile.share(factor) * len(profile.factors))} of {len(profile.factors)}"
