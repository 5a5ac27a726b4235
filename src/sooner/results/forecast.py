"""What a race must spend to show a difference of speed: pairs, if their number is fixed and if it may stop early."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from sooner.results.records import Clock, Lane, Results
from sooner.results.trajectories import trajectory
from sooner.statistics.extension import extended
from sooner.statistics.family import share
from sooner.statistics.power import POWER, log_ratio_sd, max_pairs_needed, pairs_needed, race_length
from sooner.statistics.signed_rank import ALPHA, min_pairs

# The middle four fifths of published coefficients of variation, see `planning.PRIOR_CV`.
PUBLISHED_CV = (0.018, 0.22)

_MOST_MISSED = 0.9  # where more miss the target hardly any pair says anything
_SIMULATED = 60  # pairs at most: a race of more takes many seconds to simulate, and longer to run


@dataclass(frozen=True)
class Forecast:
    """The pairs that find a `difference` in 80% of races.

    Attributes:
        difference: of speed: 0.10 is one lane 1.1 times as fast.
        pairs: of a race with a fixed number.
        quiet, noisy: the same where the noise lies at the edges of what has been published.
        maximal: pairs to allow a race until decided.
        expected: pairs such a race takes on average if the difference is just that; None where it is not simulated:
            of more than 60 pairs, or where runs are expected to miss the target.
    """

    difference: float
    pairs: int
    quiet: int
    noisy: int
    maximal: int
    expected: float | None


def forecast(sd: float, difference: float, *, alpha: float = ALPHA, missed: float = 0.0) -> Forecast:
    """The pairs that `difference` takes where a pair's log-ratio has the standard deviation `sd`.

    `alpha` is the level of a comparison, less where several lanes share the 5%, and `missed` the share of all runs that
    a common budget is expected to end before the target. Costs up to a few seconds where many pairs are needed.
    """

    def needed(spread: float) -> int:
        return pairs_needed(spread, difference, alpha=alpha, cut=missed)

    quiet, noisy = (needed(math.sqrt(2 * math.log1p(cv**2))) for cv in PUBLISHED_CV)
    most = max_pairs_needed(sd, difference, alpha=alpha, cut=missed)
    simulated = most <= _SIMULATED and not missed
    length = race_length(sd, 1 + difference, most, detect=difference, alpha=alpha) if simulated else None
    return Forecast(difference, needed(sd), quiet, noisy, most, length.expected if length else None)


@dataclass(frozen=True)
class Noise:
    """What a race's own pairs of two lanes say of their noise.

    Attributes:
        lane, against, clock: what is compared.
        pairs: that ran.
        known: of these, pairs in which both runs reached the target at a time that is known.
        sd: of a pair's log-ratio, from the known ones; None with fewer than two.
        expected_sd: the same pooled with the published noise, which weighs as much as one pair.
        looked: numbers of pairs at which the race had been seen when more were added.
        alpha: of a comparison that is looked at once: the 5%, shared by the lanes under test.
        missed: share of the runs of both that missed the target.
    """

    lane: str
    against: str
    clock: Clock
    pairs: int
    known: int
    sd: float | None
    expected_sd: float
    looked: tuple[int, ...] = ()
    alpha: float = ALPHA
    missed: float = 0.0


def noises(results: Results, clock: Clock) -> list[Noise]:
    """One for every lane under test and opponent of it that share a pair; a control's own speed is not the question."""
    lanes = {lane.name: lane for lane in results.lanes}
    noises = []
    for lane in results.lanes:
        for other in lane.opponents if lane.role == "lane" else ():
            pairs, ratios = _log_ratios(lane, lanes[other], results.target, clock)
            if pairs:
                own = _sd(ratios) if len(ratios) > 1 else None
                sd = log_ratio_sd(ratios)
                lost = missed(lane, lanes[other])
                known = Noise(lane.name, other, clock, pairs, len(ratios), own, sd, tuple(results.looked))
                noises.append(replace(known, alpha=share(results.family), missed=lost))
    return noises


def missed(*lanes: Lane) -> float:
    """The share of their runs that missed the target."""
    hits = [run.hit for lane in lanes for run in lane.runs]
    return 1 - sum(hits) / len(hits) if hits else 0.0


def total_pairs(noise: Noise, difference: float) -> int:
    """Pairs that show `difference` between two lanes, those counted that ran already.

    Where so many of them ran that a verdict could be seen, all are judged at a level that allows for that (see
    `extended`), which takes more of them than a race planned so from the start: half as many again after six, in the
    normal formula.
    """
    needed = alone(noise, difference)
    fewest = min_pairs(noise.alpha)
    if needed <= noise.pairs or fewest is None or noise.pairs < fewest:
        return needed
    quantile = NormalDist().inv_cdf
    left = extended([*(seen for seen in noise.looked if seen < noise.pairs), noise.pairs], noise.alpha).alpha
    once, again = (quantile(1 - alpha / 2) + quantile(POWER) for alpha in (noise.alpha, left))
    return math.ceil((again / once) ** 2 * needed)


def alone(noise: Noise, difference: float) -> int:
    """Pairs that show `difference` in a race of its own that is as noisy, and misses the target as often."""
    return pairs_needed(noise.expected_sd, difference, alpha=noise.alpha, cut=min(noise.missed, _MOST_MISSED))


def _log_ratios(lane: Lane, other: Lane, target: float, clock: Clock) -> tuple[int, list[float]]:
    mine, theirs = ({run.seed: trajectory(run, clock).time(target) for run in one.runs} for one in (lane, other))
    both = [(mine[seed], theirs[seed]) for seed in sorted(mine.keys() & theirs.keys())]
    known = [pair for pair in both if not any(time.censored or time.first_look for time in pair)]
    return len(both), [math.log(against.value / own.value) for own, against in known]


def _sd(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
