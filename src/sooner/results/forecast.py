"""What a race must spend to show a difference of speed: pairs, if their number is fixed and if it may stop early."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from sooner.results.records import Clock, Lane, Results
from sooner.results.rescoring import trajectory
from sooner.statistics.extension import extended
from sooner.statistics.power import POWER, log_ratio_sd, max_pairs_needed, pairs_needed, race_length
from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS

# The middle four fifths of published coefficients of variation, see `planning.PRIOR_CV`.
PUBLISHED_CV = (0.018, 0.22)

_SIMULATED = 60  # pairs at most: a race of more takes many seconds to simulate, and longer to run


@dataclass(frozen=True)
class Forecast:
    """The pairs that find a `difference` in 80% of races.

    Attributes:
        difference: of speed: 0.10 is one lane 1.1 times as fast.
        pairs: of a race with a fixed number.
        quiet, noisy: the same where the noise lies at the edges of what has been published.
        maximal: pairs to allow a race until decided.
        expected: pairs such a race takes on average if the difference is just that; None where there are too many to
            simulate.
    """

    difference: float
    pairs: int
    quiet: int
    noisy: int
    maximal: int
    expected: float | None


def forecast(sd: float, difference: float) -> Forecast:
    """The pairs that `difference` takes where a pair's log-ratio has the standard deviation `sd`.

    Costs up to a few seconds where many pairs are needed.
    """
    quiet, noisy = (pairs_needed(math.sqrt(2 * math.log1p(cv**2)), difference) for cv in PUBLISHED_CV)
    most = max_pairs_needed(sd, difference)
    length = race_length(sd, 1 + difference, most, detect=difference) if most <= _SIMULATED else None
    return Forecast(difference, pairs_needed(sd, difference), quiet, noisy, most, length.expected if length else None)


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
    """

    lane: str
    against: str
    clock: Clock
    pairs: int
    known: int
    sd: float | None
    expected_sd: float
    looked: tuple[int, ...] = ()


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
                noises.append(Noise(lane.name, other, clock, pairs, len(ratios), own, sd, tuple(results.looked)))
    return noises


def total_pairs(noise: Noise, difference: float) -> int:
    """Pairs that show `difference` between two lanes, those counted that ran already.

    Where six or more of them ran, and a verdict could be seen, all are judged at a level that allows for that (see
    `extended`), which takes more of them than a race planned so from the start: half as many again after six, in the
    normal formula.
    """
    needed = pairs_needed(noise.expected_sd, difference)
    if needed <= noise.pairs or noise.pairs < MIN_PAIRS:
        return needed
    quantile = NormalDist().inv_cdf
    level = extended([*(seen for seen in noise.looked if seen < noise.pairs), noise.pairs]).alpha
    once, again = (quantile(1 - alpha / 2) + quantile(POWER) for alpha in (ALPHA, level))
    return math.ceil((again / once) ** 2 * needed)


def _log_ratios(lane: Lane, other: Lane, target: float, clock: Clock) -> tuple[int, list[float]]:
    mine, theirs = ({run.seed: trajectory(run, clock).time(target) for run in one.runs} for one in (lane, other))
    both = [(mine[seed], theirs[seed]) for seed in sorted(mine.keys() & theirs.keys())]
    known = [pair for pair in both if not any(time.censored or time.first_look for time in pair)]
    return len(both), [math.log(against.value / own.value) for own, against in known]


def _sd(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
