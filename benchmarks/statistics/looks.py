"""Do races that are looked at as they go still say what they say? Simulated; writes looks.json, prints the tables.

    python -m benchmarks.statistics.looks

Some five minutes on one core; the same numbers every time.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import asdict

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import lean_of, levels, looks, max_pairs_needed, null_cdf, pairs_needed, settled, signed_rank
from benchmarks.statistics.races import Array, Races, Setting, draw
from benchmarks.statistics.simulate import table
from numpy.typing import NDArray

from benchmarks import _files

RACES = {12: 20_000, 24: 20_000, 40: 10_000}
Told = NDArray[np.bool_]
DETECT = 0.10
CUTS = (("none", 0.0), ("budget", 0.30), ("budget", 0.50), ("failure", 0.30), ("failure", 0.50))


def races_of(setting: Setting, races: int) -> Races:
    """Races from a generator of the setting's own, so that adding a row changes no other."""
    return draw(np.random.default_rng(zlib.crc32(repr(setting).encode())), setting, races)


def told(drawn: Races) -> Told:
    """Which pairs say something: at least one of their runs reached the target."""
    return ~(np.isneginf(drawn.low) & np.isposinf(drawn.high))


def false_verdicts(logs: Array, kept: Told) -> dict[str, float]:
    """Equal lanes raced to the last pair: how often a lane is told from the other at a first look, and at any."""
    running, false = np.arange(len(logs)), []
    max_pairs = logs.shape[-1]
    for pairs, alpha in zip(looks(max_pairs), levels(max_pairs), strict=True):
        p_value, _ = lean_of(logs[running, :pairs], kept[running, :pairs])
        wrong = p_value <= alpha
        false.append(int(wrong.sum()))
        running = running[~wrong]
    return {"at_first_look": false[0] / len(logs), "at_any_look": sum(false) / len(logs)}


def equal() -> list[Row]:
    """Error rates with censoring, and with noise that the levels were not made for."""
    rows = []
    for max_pairs, races in RACES.items():
        for censoring, share in CUTS:
            setting = Setting(max_pairs, censoring=censoring, censored=share)
            drawn = races_of(setting, races)
            rows.append({**asdict(setting), "races": races, **false_verdicts(drawn.as_hits, told(drawn))})
    for noise in ("heavy", "skewed", "unequal", "grid"):
        setting = Setting(24, noise=noise)
        drawn = races_of(setting, RACES[24])
        rows.append({**asdict(setting), "races": RACES[24], **false_verdicts(drawn.as_hits, told(drawn))})
    setting = Setting(24)
    steady = races_of(setting, RACES[24]).low
    for name, first, last in (("quieter", 2.0, 0.5), ("louder", 0.5, 2.0)):
        logs = steady * np.geomspace(first, last, 24)
        kept = np.ones(logs.shape, dtype=np.bool_)
        rows.append({**asdict(setting), "noise": name, "races": RACES[24], **false_verdicts(logs, kept)})
    return rows


def counted(max_pairs: int, races: int = 400_000) -> Row:
    """False verdicts of far more races, from ranks alone: pairs come in random order, each leaning either way."""
    rng = np.random.default_rng(max_pairs)
    came = rng.permuted(
        np.tile(np.arange(max_pairs, dtype=np.int16), (races, 1)), axis=1
    )  # by size, the smallest first
    positive = rng.integers(2, size=(races, max_pairs), dtype=np.int16)
    false = np.zeros(races, dtype=np.bool_)
    for pairs, alpha in zip(looks(max_pairs), levels(max_pairs), strict=True):
        here = came < pairs
        ranks = np.cumsum(here, axis=1, dtype=np.int16) * here
        total, most = (ranks * positive).sum(axis=1), pairs * (pairs + 1) // 2
        rare = np.flatnonzero(null_cdf(pairs) <= alpha / 2)[-1]
        false |= np.minimum(total, most - total) <= rare
    return {"pairs": max_pairs, "races": races, "at_any_look": float(false.mean())}


def course(setting: Setting, races: int) -> Row:
    """Whole races: stopped when decided, or when the lane cannot be faster by what is to be detected any more."""
    drawn = races_of(setting, races)
    truth, reach = math.log(setting.ratio), math.log1p(DETECT)
    running = np.arange(races)
    pairs = np.full(races, setting.pairs)
    low, high = np.full(races, -np.inf), np.full(races, np.inf)
    middle, ahead = np.full(races, np.nan), np.zeros(races, dtype=np.int64)
    kept = told(drawn)
    counts = looks(setting.pairs)
    for count, alpha in zip(counts, levels(setting.pairs), strict=True):
        found = signed_rank(drawn.low[running, :count], drawn.high[running, :count], alpha=alpha)
        p_value, side = lean_of(drawn.as_hits[running, :count], kept[running, :count])
        side = np.where(p_value <= alpha, side, 0)
        over = settled(found.low, found.high, DETECT) | (found.high < reach) | (side != 0) | (count == setting.pairs)
        ended = running[over]
        ahead[ended] = side[over]
        pairs[ended], low[ended], high[ended] = count, found.low[over], found.high[over]
        with np.errstate(invalid="ignore"):
            middle[ended] = ((found.estimate_low + found.estimate_high) / 2)[over]
        running = running[~over]
    faster, slower = ahead > 0, ahead < 0
    same = ~faster & ~slower & (low >= -reach) & (high <= reach)
    known = np.isfinite(middle)
    return {
        **asdict(setting),
        "races": races,
        "coverage": float(np.mean((low <= truth) & (truth <= high))),
        "mean_pairs": float(pairs.mean()),
        "at_first_look": float(np.mean(pairs == counts[0])),
        "to_the_end": float(np.mean(pairs == setting.pairs)),
        "faster": float(faster.mean()),
        "slower": float(slower.mean()),
        "equal": float(same.mean()),
        "cannot_win": float(np.mean(~faster & ~slower & ~same & (high < reach))),
        "median_ratio": float(np.exp(np.median(middle[known]))) if known.any() else None,
        "median_ratio_when_faster": float(np.exp(np.median(middle[known & faster])))
        if (known & faster).any()
        else None,
    }


def courses() -> list[Row]:
    return [
        course(Setting(max_pairs, ratio, censoring=censoring, censored=share), 10_000)
        for max_pairs in RACES
        for ratio in (1.0, 1.1, 1.3)
        for censoring, share in CUTS[:3]
    ]


def planned() -> list[Row]:
    """The pairs that the plan allows a race until decided for seeing 10%: how many does it run, what does it find?"""
    rows = []
    for cv in (0.03, 0.05, 0.077, 0.10, 0.15):
        sd = math.sqrt(2 * math.log1p(cv**2))
        max_pairs = max_pairs_needed(sd)
        found = course(Setting(max_pairs, 1.1, cv=cv), 4_000)
        rows.append(
            {
                "cv": cv,
                "fixed_pairs": pairs_needed(sd),
                "max_pairs": max_pairs,
                "power": found["faster"],
                "mean_pairs": found["mean_pairs"],
                "mean_pairs_when_equal": course(Setting(max_pairs, 1.0, cv=cv), 4_000)["mean_pairs"],
            }
        )
    return rows


def main() -> None:
    results = {
        "levels": [
            {"max_pairs": most, "first_look": looks(most)[0], "levels": list(levels(most))} for most in (6, 8, *RACES)
        ],
        "counted": [counted(most) for most in (6, 8, *RACES)],
        "equal": equal(),
        "courses": courses(),
        "planned": planned(),
    }
    save(beside(__file__, "looks.json"), {name: _files.table(rows, 6) for name, rows in results.items()})
    print(f"\ncounted\n{table(results['counted'], ('pairs', 'races', 'at_any_look'))}")
    cut = ("pairs", "noise", "censoring", "censored", "at_first_look", "at_any_look")
    print(f"\nequal\n{table(results['equal'], cut)}")
    how = ("faster", "slower", "equal", "cannot_win", "median_ratio", "median_ratio_when_faster")
    what = ("pairs", "ratio", "censoring", "censored", "coverage", "mean_pairs", "at_first_look", "to_the_end", *how)
    print(f"\ncourses\n{table(results['courses'], what)}")
    print(f"\nplanned\n{table(results['planned'], tuple(results['planned'][0]))}")


if __name__ == "__main__":
    main()
