"""Ways to spend the runs that the race could use and does not, for the comparison with the one that it does."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks._sooner import SCAN, SHARE, Record, agenda, ends, monotone
from scipy.special import betaincc

Wanted = list[tuple[str, str, int]]


def own_start(
    lanes: Sequence[str], rungs: Sequence[str], seeds: Sequence[int], records: Sequence[Record], target: float
) -> Wanted:
    """The race's, but each lane starts where its own scan crossed."""
    return [wanted for lane in lanes for wanted in agenda([lane], rungs, seeds, records, target)]


def full_grid(
    lanes: Sequence[str], rungs: Sequence[str], seeds: Sequence[int], records: Sequence[Record], target: float
) -> Wanted:
    """Every seed at every rung."""
    return agenda(lanes, rungs, seeds, records, target, scan=len(seeds))


def by_share(
    lanes: Sequence[str], rungs: Sequence[str], seeds: Sequence[int], records: Sequence[Record], target: float
) -> Wanted:
    """The scan, then one more seed at a time at each rung of which it is uncertain whether half of the seeds reach it.

    Uncertain: under a uniform prior the probability that the share is reached lies between 5% and 95%. Since shares do
    not fall as budgets grow, the runs of larger rungs count against a rung and those of smaller ones for it, where
    that is more telling. The two rungs at the boundary get the same seeds.
    """
    scan = agenda(lanes, rungs, seeds[:SCAN], records, target)
    return scan or [
        wanted for lane in lanes for wanted in _by_share(lane, rungs, seeds, ends(lane, rungs, records), target)
    ]


def _by_share(
    lane: str, rungs: Sequence[str], seeds: Sequence[int], known: dict[int, dict[int, float]], target: float
) -> Wanted:
    places = range(len(rungs))
    runs = [sum(rung in seed for seed in known.values()) for rung in places]
    hits = [sum(seed.get(rung, target - 1) >= target for seed in known.values()) for rung in places]
    shares = monotone([hit / run for hit, run in zip(hits, runs, strict=True)])
    boundary = next((rung for rung in places if shares[rung] >= SHARE), None)

    def reached(first: int, last: int) -> float:
        hit, run = sum(hits[first : last + 1]), sum(runs[first : last + 1])
        return float(betaincc(1 + hit, 1 + run - hit, SHARE))

    wanted = [
        rung
        for rung in places
        if min(reached(rung, last) for last in places[rung:]) > 0.05
        and max(reached(first, rung) for first in places[: rung + 1]) < 0.95
    ]
    pair = [] if boundary is None else [rung for rung in (boundary - 1, boundary) if rung >= 0]
    most = max((runs[rung] for rung in pair), default=0)
    wanted += [rung for rung in pair if runs[rung] < most and rung not in wanted]
    return [(lane, rungs[rung], seeds[runs[rung]]) for rung in wanted if runs[rung] < len(seeds)]
