"""Do the figures of one lane with censored runs hold? Simulated; writes censoring.json, prints the tables.

    python -m benchmarks.statistics.censoring

Some four minutes on one core; the same numbers every time.
"""

from __future__ import annotations

import math
import warnings
import zlib

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import ALPHA, Time, survival
from benchmarks.statistics.races import Array
from benchmarks.statistics.simulate import table
from scipy import stats

from benchmarks import _files

LANES = 2_000
RUNS = (6, 8, 12, 24)
CUTS = (("none", 0.0), ("budget", 0.30), ("budget", 0.50), ("failure", 0.30), ("failure", 0.50))
QUARTILES = (0.25, 0.50, 0.75)


def drawn(rng: np.random.Generator, shape: tuple[int, ...], sd: float, how: str, share: float) -> tuple[Array, Array]:
    """Log-normal times with median 1, and where each run is cut off: by one budget, or by a failure on its way."""
    times = np.exp(sd * rng.standard_normal(shape))
    if how == "budget":
        return times, np.full(shape, math.exp(sd * stats.norm.ppf(1 - share)))
    if how == "failure":
        return times, np.where(rng.random(shape) < share, rng.random(shape), np.inf)
    return times, np.full(shape, np.inf)


def true_restricted_mean(horizon: float, sd: float) -> float:
    """The mean of the smaller of a log-normal time and `horizon`."""
    log = math.log(horizon)
    return float(
        math.exp(sd**2 / 2) * stats.norm.cdf((log - sd**2) / sd) + horizon * stats.norm.cdf(-log / sd),
    )


def log_log(times: Array, cut: Array, at: Array) -> list[bool]:
    """Whether SciPy's log-log band holds the share 1 - `QUARTILES` of runs that have not hit `at` then.

    It does not where it has no limits: before the first hit and after the last.
    """
    curve = stats.ecdf(stats.CensoredData.right_censored(np.minimum(times, cut), times > cut)).sf
    with warnings.catch_warnings(action="ignore"):
        band = curve.confidence_interval(1 - ALPHA, method="log-log")
    step = np.searchsorted(curve.quantiles, at, side="right") - 1
    low, high = (np.append(each.probabilities, np.nan)[step] for each in (band.low, band.high))  # -1: no hit yet
    return [bool(a <= 1 - q <= b) for a, q, b in zip(low, QUARTILES, high, strict=True)]


def lanes(runs: int, cv: float, how: str, share: float) -> Row:
    """Coverage of every interval that a lane of `runs` runs gets."""
    sd = math.sqrt(math.log1p(cv**2))
    rng = np.random.default_rng(zlib.crc32(repr((runs, cv, how, share)).encode()))
    many, cuts = drawn(rng, (1_000_000,), sd, how, share)
    running = float(np.minimum(many, cuts).mean() / np.mean(many <= cuts))
    at = np.exp(sd * stats.norm.ppf(QUARTILES))
    band, other = np.zeros(len(QUARTILES)), np.zeros(len(QUARTILES))
    mean = {"held": 0, "low": 0, "high": 0}
    spent = {"held": 0, "low": 0, "high": 0, "open": 0}
    for times, cut in zip(*drawn(rng, (LANES, runs), sd, how, share), strict=True):
        found = survival(
            [Time(min(a, b), censored=a > b) for a, b in zip(times.tolist(), cut.tolist(), strict=True)], clock="wall"
        )
        assert found is not None
        step = np.searchsorted(found.times, at, side="right") - 1
        band += (np.array(found.low)[step] <= QUARTILES) & (np.array(found.high)[step] >= QUARTILES)
        other += log_log(times, cut, at)
        mean[_side(true_restricted_mean(found.horizon, sd), found.rmst_low, found.rmst_high)] += 1
        spent[_side(running, found.ert_low, found.ert_high)] += 1
        spent["open"] += found.ert_high is None
    past = at > cuts.max() if how == "budget" else np.zeros(len(at), dtype=np.bool_)  # the curve has ended there
    names = [f"{int(100 * q)}" for q in QUARTILES]
    return {
        "runs": runs,
        "cv": cv,
        "cut": how,
        "censored": share,
        **{f"band_{n}": None if p else v / LANES for n, p, v in zip(names, past, band.tolist(), strict=True)},
        **{f"log_log_{n}": None if p else v / LANES for n, p, v in zip(names, past, other.tolist(), strict=True)},
        "mean": mean["held"] / LANES,
        "mean_below": mean["low"] / LANES,
        "mean_above": mean["high"] / LANES,
        "running": spent["held"] / LANES,
        "running_below": spent["low"] / LANES,
        "running_above": spent["high"] / LANES,
        "running_open": spent["open"] / LANES,
    }


def _side(truth: float, low: float | None, high: float | None) -> str:
    """Where the truth is: held by the interval, or below or above it."""
    if low is not None and truth < low - 1e-12:
        return "low"
    return "high" if high is not None and truth > high + 1e-12 else "held"


def main() -> None:
    kinds = [(runs, 0.075) for runs in RUNS] + [(runs, 0.25) for runs in RUNS[::2]]
    results = [lanes(runs, cv, how, share) for how, share in CUTS for runs, cv in kinds]
    save(beside(__file__, "censoring.json"), _files.table(results, 6))
    print(table(results, tuple(results[0])))


if __name__ == "__main__":
    main()
