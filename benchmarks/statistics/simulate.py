"""Is the race's statistics what it says? Simulated races with a known answer; writes results.json, prints the tables.

    python -m benchmarks.statistics.simulate

Under a minute on one core; the same numbers every time.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import Trajectory, compare, judge, noise_of, pairs_needed, signed_rank
from benchmarks.statistics.alternatives import Array, Limits, bca, dropped, means, percentile, ranks, student
from benchmarks.statistics.races import Races, Setting, draw, truth
from numpy.typing import ArrayLike

from benchmarks import _files

RACES = 20_000
BOOTSTRAP_RACES = 4_000
PAIRS = (6, 8, 12)
METHODS: dict[str, Callable[[Array, Array], Limits]] = {"ranks": ranks, "means": means, "student": student}
BOOTSTRAPS: dict[str, Callable[[Array, Array], Limits]] = {"percentile": percentile, "bca": bca}


def races_of(setting: Setting, races: int = RACES) -> Races:
    """Races from a generator of the setting's own, so that adding a row changes no other."""
    return draw(np.random.default_rng(zlib.crc32(repr(setting).encode())), setting, races)


def describe(setting: Setting, method: str, limits: Limits) -> Row:
    """Coverage of the truth, how often 1 is excluded, and the width, which is a factor: upper limit / lower limit."""
    low, high = limits
    centre = truth(setting)
    bounded = np.isfinite(low) & np.isfinite(high)
    nearest = np.minimum(centre - low, high - centre)
    return {
        **asdict(setting),
        "method": method,
        "coverage": float(np.mean((low <= centre) & (centre <= high))),
        "verdicts": float(np.mean((low > 0) | (high < 0))),
        "wrong_side": float(np.mean((low > max(centre, 0)) | (high < min(centre, 0)))),
        "median_width": _factor(np.median(np.where(bounded, high - low, np.inf))),
        "median_width_when_bounded": _factor(np.median((high - low)[bounded])) if bounded.any() else None,
        "low_unbounded": float(np.mean(np.isneginf(low))),
        "high_unbounded": float(np.mean(np.isposinf(high))),
        "both_unbounded": float(np.mean(np.isneginf(low) & np.isposinf(high))),
        "median_nearest_limit": _factor(np.median(nearest)),
    }


def estimate(setting: Setting, races: Races) -> Row:
    """How often the ratio can be given, and the factor by which its median misses the truth then."""
    found = signed_rank(races.low, races.high)
    known = np.isfinite(found.estimate_low) & np.isfinite(found.estimate_high)
    middle = (found.estimate_low[known] + found.estimate_high[known]) / 2
    bias = _factor(np.median(middle) - truth(setting)) if known.any() else None
    return {"ratio_known": float(np.mean(known)), "ratio_bias": bias}


def _factor(log_width: float) -> float | None:
    return float(math.exp(log_width)) if math.isfinite(log_width) else None


def uncensored(ratio: float, noises: Sequence[str] = ("normal", "heavy", "skewed", "unequal", "grid")) -> list[Row]:
    """Every method at every number of pairs."""
    rows = []
    for noise in noises:
        for pairs in PAIRS:
            for correlation in (0.0, 0.5) if noise == "normal" else (0.0,):
                setting = Setting(pairs, ratio, noise=noise, correlation=correlation)
                races = races_of(setting)
                for name, method in METHODS.items():
                    rows.append(describe(setting, name, method(races.low, races.high)))
                if noise in ("normal", "heavy", "skewed"):
                    for name, method in BOOTSTRAPS.items():
                        rows.append(
                            describe(setting, name, method(races.low[:BOOTSTRAP_RACES], races.high[:BOOTSTRAP_RACES]))
                        )
    return rows


def censored(ratio: float) -> list[Row]:
    """Bounds against the two shortcuts, dropping the pair and taking the end of the budget for a hit."""
    rows = []
    for censoring in ("budget", "failure"):
        for share in (0.15, 0.30):
            for pairs in PAIRS:
                setting = Setting(pairs, ratio, censoring=censoring, censored=share)
                races = races_of(setting)
                rows.append(describe(setting, "ranks", ranks(races.low, races.high)) | estimate(setting, races))
                rows.append(describe(setting, "means", means(races.low, races.high)))
                rows.append(describe(setting, "dropped", dropped(races.low, races.high)))
                rows.append(describe(setting, "as hits", ranks(races.as_hits, races.as_hits)))
    return rows


def tolerance() -> list[Row]:
    """Larger races with some failures: from how many pairs on is an unbounded pair outvoted?"""
    rows = []
    for pairs in (12, 16, 20, 30):
        for share in (0.05, 0.15):
            setting = Setting(pairs, 1.3, censoring="failure", censored=share)
            races = races_of(setting, 5_000)
            rows.append(describe(setting, "ranks", ranks(races.low, races.high)))
    return rows


def planned() -> list[Row]:
    """The power of the test at the number of pairs that the plan asks for to see 10%."""
    rows = []
    for cv in (0.03, 0.05, 0.077, 0.10, 0.15):
        sd = math.sqrt(2 * math.log1p(cv**2))
        pairs = pairs_needed(sd)
        setting = Setting(pairs, 1.1, cv=cv)
        races = races_of(setting, 10_000)
        found = describe(setting, "ranks", ranks(races.low, races.high))
        rows.append({"cv": cv, "pairs": pairs, "power": found["verdicts"]})
    return rows


def paces(races: int = RACES) -> list[Row]:
    """False verdicts of a calibrated clock, steps times seconds per step, when lanes of one speed share their seeds.

    Seconds per step vary by 1% from run to run. "run" calibrates each run by its own pace; "lane" gives all runs of a
    lane their median pace, so that the error of that one number is in every pair alike.
    """
    rows = []
    for pairs in PAIRS:
        for correlation in (0.0, 0.5, 0.9, 0.99):
            rng = np.random.default_rng(11)
            shared = math.sqrt(correlation) * rng.standard_normal((races, 1, pairs))
            steps = 0.075 * (shared + math.sqrt(1 - correlation) * rng.standard_normal((races, 2, pairs)))
            pace = 0.01 * rng.standard_normal((races, 2, pairs))
            for calibrated, seconds in (("run", pace), ("lane", np.median(pace, axis=2, keepdims=True))):
                times = steps + seconds
                low, high = ranks(times[:, 1] - times[:, 0], times[:, 1] - times[:, 0])
                false = float(np.mean((low > 0) | (high < 0)))
                rows.append({"pairs": pairs, "correlation": correlation, "pace_of": calibrated, "verdicts": false})
    return rows


def touches(lanes: int = 400) -> list[Row]:
    """Shares of hits of runs whose plateau lies below the target, and where those cross that reach it.

    Lanes of eight runs, 0.93 (1 - exp(-0.23 t)) for the plateaus and 1 - exp(-0.115 t) for the others, with 5% noise in
    the rate, over 40 seconds. A look is off by 0.0015 or by four times that; "touched" counts the runs of which two
    looks in a row, or the last, are at the target.
    """
    rows = []
    for looks in (5, 12, 20, 50, 100):
        rng = np.random.default_rng(looks)
        seconds = np.linspace(40 / looks, 40, looks)

        for noise in (0.0, 0.0015, 0.006):
            plateaus = [run for _ in range(lanes) for run in _lane(rng, seconds, noise, 0.23, 0.93)]
            row: Row = {"looks": looks, "noise": noise}
            for gap in (0.0015, 0.003, 0.005):
                row[f"hits_{gap}"] = float(np.mean([not run.time(0.93 + gap).censored for run in plateaus]))
                row[f"touched_{gap}"] = float(np.mean([_touched(run.metric, 0.93 + gap) for run in plateaus]))
            climbs = [run.time(0.9) for _ in range(lanes) for run in _lane(rng, seconds, noise, 0.115, 1.0)]
            row["missed"] = float(np.mean([time.censored for time in climbs]))
            row["crossing"] = float(np.median([time.value for time in climbs if not time.censored]))
            rows.append(row)
    return rows


def _lane(rng: np.random.Generator, seconds: Array, noise: float, rate: float, top: float) -> list[Trajectory]:
    rates = rate * np.exp(0.05 * rng.standard_normal((8, 1)))
    metric = top * (1 - np.exp(-rates * seconds)) + noise * rng.standard_normal((8, len(seconds)))
    found = noise_of(list(metric))
    return [Trajectory(seconds, row, 40.0, noise=found) for row in metric]


def _touched(metric: ArrayLike, target: float) -> bool:
    above = np.asarray(metric) >= target
    return bool(above[-1] or np.any(above[1:] & above[:-1]))


def noisy_looks(ratio: float, races: int = 2_000, pairs: int = 8) -> Row:
    """Whole races through the public functions: noisy learning curves, looks, crossings, words.

    Every run is 1 - exp(-rate t) with 7.5% noise in the rate, seen 40 times with a standard error of 0.003 (a
    validation set of 10,000), and raced to 0.90.
    """
    rng = np.random.default_rng(7)
    seconds = np.arange(1.0, 41.0)
    findings: dict[str, int] = {}
    covered, logs = 0, []

    def lane(speed: float) -> list[Trajectory]:
        rates = 0.115 * speed * np.exp(0.075 * rng.standard_normal((pairs, 1)))
        metric = 1 - np.exp(-rates * seconds) + 0.003 * rng.standard_normal((pairs, len(seconds)))
        noise = noise_of(list(metric))
        return [Trajectory(seconds, row, 40.0, noise=noise) for row in metric]

    for _ in range(races):
        fast, slow = lane(ratio), lane(1.0)
        figures = compare([run.time(0.9) for run in fast], [run.time(0.9) for run in slow])
        finding = judge(figures).finding.value
        findings[finding] = findings.get(finding, 0) + 1
        covered += (figures.ci_low or 0) <= ratio <= (figures.ci_high or math.inf)
        if figures.ratio is not None:
            logs.append(math.log(figures.ratio))
    shares = {finding: count / races for finding, count in sorted(findings.items())}
    median = math.exp(float(np.median(logs)))
    return {"ratio": ratio, "pairs": pairs, "coverage": covered / races, "verdicts": shares, "median_ratio": median}


def table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Markdown."""

    def cell(row: Row, column: str) -> str:
        value = row[column]
        if value is None:
            return "unbounded"
        if column in _SHARES:
            return f"{value:.1%}"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    lines = [" | ".join(column.replace("_", " ") for column in columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(cell(row, column) for column in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


_SHARES = {"coverage", "verdicts", "censored", "low_unbounded", "high_unbounded", "power", "ratio_known"}
_PLAIN = ("noise", "correlation", "pairs", "method", "coverage", "verdicts", "median_width")
_CUT = (
    *("censoring", "censored", "pairs", "method", "coverage", "verdicts", "low_unbounded", "high_unbounded"),
    *("median_width", "median_width_when_bounded", "median_nearest_limit"),
)


def main() -> None:
    results: dict[str, list[Row]] = {
        "equal": uncensored(1.0),
        "apart": uncensored(1.3),
        "near": uncensored(1.1, ("normal", "heavy")),
        "censored_equal": censored(1.0),
        "censored_apart": censored(1.3),
        "tolerance": tolerance(),
        "planned": planned(),
        "paces": paces(),
        "noisy_looks": [noisy_looks(1.0), noisy_looks(1.3)],
        "touches": touches(),
    }
    save(beside(__file__, "results.json"), {name: _files.table(rows, 6) for name, rows in results.items()})
    for name in ("equal", "apart", "near"):
        print(f"\n{name}\n{table(results[name], _PLAIN)}")
    for name in ("censored_equal", "censored_apart", "tolerance"):
        print(f"\n{name}\n{table(results[name], _CUT)}")
    known = [row for row in results["censored_equal"] + results["censored_apart"] if row["method"] == "ranks"]
    print(f"\nratio\n{table(known, ('ratio', 'censoring', 'censored', 'pairs', 'ratio_known', 'ratio_bias'))}")
    print(f"\nplanned\n{table(results['planned'], ('cv', 'pairs', 'power'))}")
    print(f"\npaces\n{table(results['paces'], ('pairs', 'correlation', 'pace_of', 'verdicts'))}")
    print("\nnoisy_looks", *results["noisy_looks"], sep="\n")
    print("\ntouches", *results["touches"], sep="\n")


if __name__ == "__main__":
    main()
