"""Runs that were interrupted and begun again: whoever does so when a run begins badly chooses among draws."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.results.kinds import contestants
from sooner.results.records import Lane
from sooner.results.suspicions import StartedAgain
from sooner.statistics.proportions import fisher
from sooner.statistics.signed_rank import ALPHA

_SHARE = 1 / 3  # of a lane's runs, above which it is said whatever the other lane's are
_FEWEST = 3  # of them


def notices(lanes: Sequence[Lane]) -> list[StartedAgain]:
    """Each lane against those that it is compared with, where it was interrupted more often than chance would have it.

    Programs and functions begin again from their start, so of them it is said of more than a third of the runs, too. A
    recipe goes on from where it was saved, and comes to what it would have come to.
    """
    by_name = {lane.name: lane for lane in lanes}
    afresh = contestants(lanes) != "recipes"
    found = []
    for lane in lanes:
        for name in lane.opponents:
            for one, other in ((lane, by_name[name]), (by_name[name], lane)):
                mine, theirs = _again(one), _again(other)
                more = mine * len(other.runs) > theirs * len(one.runs)
                often = afresh and mine >= _FEWEST and mine > _SHARE * len(one.runs)
                if more and (often or fisher(mine, len(one.runs), theirs, len(other.runs)) <= ALPHA):
                    found.append(StartedAgain(one.name, mine, len(one.runs), other.name, theirs, len(other.runs)))
    return found


def _again(lane: Lane) -> int:
    return sum(run.resumed > 0 for run in lane.runs)
