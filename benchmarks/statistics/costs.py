"""Does the interval of the ratio of expected running times hold? Simulated; writes costs.json, prints the table.

    python -m benchmarks.statistics.costs

Half a minute on one core; the same numbers every time.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import asdict, dataclass

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import MIN_HITS, linearised
from benchmarks.statistics.races import Array
from benchmarks.statistics.simulate import table
from numpy.typing import NDArray
from scipy import special

from benchmarks import _files

RACES = 20_000
PAIRS = (6, 8, 12, 20)
SD = 0.075  # of the opponent's log-times
_GRID = 1_000_000


@dataclass(frozen=True)
class Setting:
    """One kind of race.

    Attributes:
        noise: "normal" log-times, or "skewed": with an exponential tail of slow runs.
        spread: standard deviation of the lane's log-times over the opponent's.
        cut: "none", "budget" (of each lane its own, so that the share misses it) or "failure" (at a random moment).
        missed: share of the opponent's runs that miss.
        by: "both", or "one": all runs of the lane hit.
    """

    noise: str
    spread: float
    cut: str
    missed: float
    by: str


SETTINGS = [
    Setting(noise, spread, cut, missed, by)
    for cut, missed, by in (
        ("none", 0.0, "both"),
        *((cut, missed, by) for by in ("both", "one") for cut in ("budget", "failure") for missed in (0.3, 0.5)),
    )
    for noise in ("normal", "skewed")
    for spread in (1.0, 2.0, 3.0)
]


def quantile(noise: str, sd: float, at: Array | float) -> Array:
    """The time that a share `at` of the runs does not exceed."""
    errors = special.ndtri(at) if noise == "normal" else -np.log1p(-np.asarray(at)) - 1
    return np.asarray(np.exp(sd * errors))


def drawn(
    rng: np.random.Generator, shape: tuple[int, ...], noise: str, sd: float, cut: str, missed: float
) -> tuple[Array, NDArray[np.bool_]]:
    """What each run spends, and whether it hits."""
    times = quantile(noise, sd, rng.random(shape))
    if cut == "budget":
        budget = quantile(noise, sd, 1 - missed)
        return np.minimum(times, budget), times <= budget
    if cut == "failure":
        fails = rng.random(shape) < missed
        return np.where(fails, times * rng.random(shape), times), ~fails
    return times, np.ones(shape, dtype=np.bool_)


def expected(noise: str, sd: float, cut: str, missed: float) -> float:
    """The true expected running time."""
    times = quantile(noise, sd, (np.arange(_GRID) + 0.5) / _GRID)
    if cut == "budget":
        return float(np.minimum(times, quantile(noise, sd, 1 - missed)).mean()) / (1 - missed)
    return float(times.mean()) * (1 - missed / 2) / (1 - missed)


def covered(setting: Setting, pairs: int) -> Row:
    """How often the interval holds the truth; races with too few hits for one count apart."""
    rng = np.random.default_rng(zlib.crc32(f"{setting} {pairs}".encode()))
    lane = (
        setting.noise,
        SD * setting.spread,
        *(("none", 0.0) if setting.by == "one" else (setting.cut, setting.missed)),
    )
    against = (setting.noise, SD, setting.cut, setting.missed)
    spent, hit = (
        np.stack(each, axis=1)
        for each in zip(*(drawn(rng, (RACES, pairs), *of) for of in (lane, against)), strict=True)
    )
    enough = hit.sum(axis=-1).min(axis=-1) >= MIN_HITS
    logarithm, reach = linearised(spent[enough], hit[enough])
    truth = math.log(expected(*against) / expected(*lane))
    return {
        **asdict(setting),
        "pairs": pairs,
        "coverage": float((np.abs(logarithm - truth) <= reach).mean()),
        "too_low": float((logarithm + reach < truth).mean()),
        "too_high": float((logarithm - reach > truth).mean()),
        "none": float(1 - enough.mean()),
        "median_width": float(np.exp(2 * np.median(reach))),
    }


def markdown(rows: list[Row]) -> str:
    """A line per setting of misses, the figures of 6 / 8 / 12 / 20 pairs in a cell per kind of noise."""
    kinds = [(noise, spread) for noise in ("normal", "skewed") for spread in (1.0, 2.0, 3.0)]
    lines = []
    for cut, missed, by in dict.fromkeys((each.cut, each.missed, each.by) for each in SETTINGS):
        there = [row for row in rows if (row["cut"], row["missed"], row["by"]) == (cut, missed, by)]
        cells = [
            " / ".join(f"{100 * row['coverage']:.1f}" for row in there if (row["noise"], row["spread"]) == kind)
            for kind in kinds
        ]
        lines.append(f"| {'none' if cut == 'none' else f'{missed:.0%} of {by}, {cut}'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    rows = [covered(setting, pairs) for setting in SETTINGS for pairs in PAIRS]
    save(beside(__file__, "costs.json"), _files.table(rows, 6))
    print(table(rows, tuple(rows[0])))
    print(markdown(rows))


if __name__ == "__main__":
    main()
