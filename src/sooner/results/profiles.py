"""Performance profiles (Dolan and More, 2002): how often, over several tasks, a lane is near the fastest one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from sooner.results.kinds import Kind, kind, taken_out
from sooner.results.records import Clock, Lane, Results, Run

Control = Literal["fitted", "random", "random-mask", "without"]
_CONTROL: dict[Kind, Control] = {"fitted": "fitted", "random-mask": "random-mask", "without": "without"}
REACH = 4.0  # the factor up to which the area is taken, as AlgoPerf does (Dahl et al., 2023)


@dataclass(frozen=True)
class Identity:
    """What a lane is in every task, under any name: `lanes` are itself, or those that it is a control of.

    Of a control without a method they are the lanes with that method named: "mine without ema".
    """

    kind: Literal["lane"] | Control
    lanes: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """One lane over all tasks.

    Attributes:
        identity: what it is.
        times: by task, the median time to target (seconds, or examples); None where it missed in half its runs or more.
        factors: by task, that time over the best lane's; None where there is no time.
        area: under the profile from factor 1 to `REACH`, over its width: 1 for a lane that is the fastest on every
            task, 0 for one that never comes within the reach.
    """

    identity: Identity
    times: dict[str, float | None]
    factors: dict[str, float | None]
    area: float

    def share(self, factor: float) -> float:
        """The share of tasks solved within `factor` (1 or more) of the best lane's time."""
        return sum(f is not None and f <= factor for f in self.factors.values()) / len(self.factors)


def profiles(races: Mapping[str, Results], clock: Clock) -> list[Profile]:
    """The profile of every lane that ran in all of `races`, which are by task, the greatest area first.

    Lanes are matched by name, controls by what they are controls of: their own names hold budgets, which differ between
    tasks. Controls that are one lane in every task have one profile. A lane's time is the median over its runs, of
    which those that missed the target are later than all others. The best time is that of these lanes alone, so a
    profile depends on the company it is drawn in.

    Raises:
        ValueError: there is no race.
    """
    if not races:
        raise ValueError("profiles need one race at least")
    known = {task: identities(race) for task, race in races.items()}
    lanes = {task: {lane.name: lane for lane in race.lanes} for task, race in races.items()}
    times = {
        identity: {task: _time(lanes[task][names[place]], clock) for place, task in enumerate(races)}
        for identity, names in _common(known).items()
    }
    best = {task: min((by_task[task] for by_task in times.values()), default=math.inf) for task in races}
    curves = [_profile(identity, by_task, best) for identity, by_task in times.items()]
    return sorted(curves, key=lambda profile: -profile.area)


def left_out(races: Mapping[str, Results]) -> list[Identity]:
    """The lanes that did not run on every task, which no profile can be drawn of."""
    known = [identities(race) for race in races.values()]
    return [
        identity
        for identity in dict.fromkeys(identity for names in known for identity in names)
        if any(identity not in names for names in known)
    ]


def by_name(race: Results) -> dict[str, Identity]:
    """What the lane of each name is; a control of several lanes is that of all."""
    by_lane: dict[str, list[Identity]] = {}
    for identity, name in identities(race).items():
        by_lane.setdefault(name, []).append(identity)
    return {name: _merged(several) for name, several in by_lane.items()}


def identities(race: Results) -> dict[Identity, str]:
    """What each lane is in every task, to its name in this one; a control of several lanes has several entries."""
    baseline = next((lane for lane in race.lanes if lane.role == "baseline"), None)
    names: dict[Identity, str] = {}
    for lane in race.lanes:
        if lane.role != "control" or not lane.added_for:
            names[Identity("lane", (lane.name,))] = lane.name
            continue
        what = kind(race.lanes, lane)
        of = {name: name for name in lane.added_for.split(", ")}
        if what == "without" and baseline is not None:
            of |= {
                other.name: f"{other.name} without {' and '.join(methods)}"
                for other in race.lanes
                if other.name in of and (methods := taken_out(other, lane, baseline))
            }
        for name in of.values():
            names[Identity(_CONTROL.get(what, "random"), (name,))] = lane.name
    return names


def _common(known: Mapping[str, Mapping[Identity, str]]) -> dict[Identity, tuple[str, ...]]:
    """The lanes of all tasks: what they are, to their name in each task."""
    together: dict[tuple[str, ...], list[Identity]] = {}
    for identity in next(iter(known.values())):
        if all(identity in names for names in known.values()):
            together.setdefault(tuple(names[identity] for names in known.values()), []).append(identity)
    return {_merged(several): names for names, several in together.items()}


def _merged(identities: Sequence[Identity]) -> Identity:
    """Of one lane that is several things, such as a control of two lanes."""
    return Identity(identities[0].kind, tuple(name for identity in identities for name in identity.lanes))


def _time(lane: Lane, clock: Clock) -> float:
    reached = [_reached(run, clock) for run in lane.runs]
    return median(math.inf if time is None else time for time in reached) if reached else math.inf


def _reached(run: Run, clock: Clock) -> float | None:
    match clock:
        case "wall":
            return run.time_to_target_s
        case "examples":
            return run.examples_to_target


def _profile(identity: Identity, times: Mapping[str, float], best: Mapping[str, float]) -> Profile:
    factors = {task: _factor(time, best[task]) for task, time in times.items()}
    inside = [REACH - factor for factor in factors.values() if factor is not None and factor < REACH]
    return Profile(
        identity=identity,
        times={task: time if math.isfinite(time) else None for task, time in times.items()},
        factors=factors,
        area=sum(inside) / (REACH - 1) / len(factors),
    )


def _factor(time: float, best: float) -> float | None:
    if time == best < math.inf:
        return 1.0
    # A best time of 0 is a target that was reached before any training: nothing can be a multiple of it.
    return time / best if best > 0 and math.isfinite(time) else None
