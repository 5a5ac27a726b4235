"""Races of one, ten and thirty lanes: how often is anything claimed that is not so? Simulated; writes families.json.

    python -m benchmarks.statistics.families

Some ten minutes on one core; the same numbers every time. Ranks in place of sorted averages make it fast; a test holds
them to what the race does.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import fewest_pairs, levels, looks, null_cdf, share, signed_rank
from numpy.typing import NDArray

from benchmarks import _files

Array = NDArray[np.float64]
RACES = 20_000
LANES, PAIRS, SPREADS, CUTS = (1, 10, 30), (6, 8, 12, 20), (1, 2, 3), (0.0, 0.3, 0.5, 0.7)
SD = math.sqrt(math.log1p(0.075**2))  # of the log-times of a lane
_AT_ONCE = 2_000_000  # differences, for memory


@dataclass(frozen=True)
class World:
    """Times of a lane and of its baseline.

    Attributes:
        ratio: speed of the lane, where both are equally noisy.
        spread: how many times noisier the lane is.
        skewed: an exponential tail of slow runs, in place of normal log-times.
        cut: share of all runs that a common budget ends.
    """

    ratio: float = 1.0
    spread: float = 1.0
    skewed: bool = False
    cut: float = 0.0

    def errors(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Of log-times, with mean 0 and standard deviation 1."""
        return rng.standard_exponential(shape) - 1 if self.skewed else rng.standard_normal(shape)

    @cache  # noqa: B019  # frozen, and few
    def centred(self) -> tuple[float, float]:
        """What is added to the baseline's log-times, and the log of the budget.

        Lanes that are equal are so by what the race tests: the typical log-ratio of times within the budget is 0.
        """
        rng = np.random.default_rng(0)
        lane, baseline = SD * self.spread * self.errors(rng, (400_000,)), SD * self.errors(rng, (400_000,))
        if self.ratio != 1:
            return math.log(self.ratio), self._budget(lane, baseline + math.log(self.ratio))
        least, most = -1.0, 1.0
        for _ in range(40):
            middle = (least + most) / 2
            budget = self._budget(lane, baseline + middle)
            told = (lane <= budget) | (baseline + middle <= budget)
            logs = (np.minimum(baseline + middle, budget) - np.minimum(lane, budget))[told]
            half = len(logs) // 2
            if np.mean(logs[:half] + logs[half : 2 * half] > 0) > 0.5:
                most = middle
            else:
                least = middle
        return middle, budget

    def _budget(self, *logs: Array) -> float:
        return float(np.quantile(np.concatenate(logs), 1 - self.cut)) if self.cut else math.inf


def p_values(logs: Array, told: NDArray[np.bool_]) -> Array:
    """(S,) of the log-ratios (S, n) that are `told`: the signed-rank test, without ties."""
    size = np.where(told, np.abs(logs), 0.0)
    order = np.argsort(size, axis=-1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, logs.shape[-1] + 1), axis=-1)
    count = told.sum(axis=-1)
    rank = np.where(told, rank - (logs.shape[-1] - count)[:, None], 0)
    positive = np.where(logs > 0, rank, 0).sum(axis=-1)
    least = np.minimum(positive, count * (count + 1) // 2 - positive)
    p_value = np.ones(len(logs))
    for pairs in np.unique(count[count > 0]):
        rows = count == pairs
        p_value[rows] = np.minimum(1.0, 2 * null_cdf(int(pairs))[least[rows]])
    return p_value


def races_of(world: World, lanes: int, pairs: int, races: int) -> tuple[Array, NDArray[np.bool_]]:
    """Log-ratios (S, lanes, n) of times within the budget, and which of them are told."""
    shift, budget = world.centred()
    rng = np.random.default_rng(zlib.crc32(repr((world, lanes, pairs)).encode()))
    baseline = SD * world.errors(rng, (races, 1, pairs)) + shift
    lane = SD * world.spread * world.errors(rng, (races, lanes, pairs))
    told = (lane <= budget) | (baseline <= budget)
    return np.minimum(baseline, budget) - np.minimum(lane, budget), told


def false(world: World, lanes: int, pairs: int, *, decided: bool) -> float:
    """How often any lane is told from the baseline, in races until decided at any look."""
    alpha = share(lanes)
    stops = zip(looks(pairs, alpha), levels(pairs, alpha), strict=True) if decided else [(pairs, alpha)]
    stops, wrong, part = list(stops), 0, max(1, _AT_ONCE // (lanes * pairs))
    logs, told = races_of(world, lanes, pairs, RACES)
    for first in range(0, RACES, part):
        here, kept = logs[first : first + part], told[first : first + part]
        found = np.zeros(len(here), dtype=np.bool_)
        for count, level in stops:
            p_value = p_values(here[..., :count].reshape(-1, count), kept[..., :count].reshape(-1, count))
            found |= (p_value <= level).reshape(len(here), lanes).any(axis=1)
        wrong += int(found.sum())
    return wrong / RACES


def errors() -> list[Row]:
    """What is false in races of fixed pairs and in those until decided, a row a setting in which anything can be."""
    rows: list[Row] = []
    for lanes in LANES:
        for pairs in PAIRS:
            if pairs < fewest_pairs(lanes):
                rows.append({"lanes": lanes, "pairs": pairs, "decides": False})
                continue
            for skewed in (False, True):
                for spread in SPREADS:
                    for cut in CUTS:
                        world = World(1.0, spread, skewed, cut)
                        rows.append(
                            {
                                **{"lanes": lanes, "pairs": pairs, "decides": True, "skewed": skewed},
                                **{"spread": spread, "cut": cut},
                                "fixed": false(world, lanes, pairs, decided=False),
                                "until_decided": false(world, lanes, pairs, decided=True),
                            }
                        )
    return rows


def found() -> list[Row]:
    """Power of one lane in a race of one and of ten, and beside it that of the interval alone, the test before 0.3."""
    rows = []
    for pairs in PAIRS:
        for ratio in (1.1, 1.3):
            for cut in CUTS:
                shift, budget = World(ratio, cut=cut).centred()
                rng = np.random.default_rng(zlib.crc32(repr((pairs, ratio, cut)).encode()))
                lane = SD * rng.standard_normal((RACES, pairs))
                baseline = SD * rng.standard_normal((RACES, pairs)) + shift
                seen = np.minimum(baseline, budget) - np.minimum(lane, budget)
                p_value = p_values(seen, (lane <= budget) | (baseline <= budget))
                low = np.where(lane > budget, -np.inf, seen)
                high = np.where(baseline > budget, np.inf, seen)
                interval = signed_rank(low, high)
                rows.append(
                    {
                        **{"pairs": pairs, "ratio": ratio, "cut": cut},
                        "one_lane": float(np.mean(p_value <= share(1))),
                        "ten_lanes": float(np.mean(p_value <= share(10))),
                        "interval_alone": float(np.mean((interval.low > 0) | (interval.high < 0))),
                        "coverage": float(np.mean((interval.low <= shift) & (shift <= interval.high))),
                    }
                )
    return rows


def tables(errors: list[Row], found: list[Row]) -> list[str]:
    """The lines of the README's tables."""
    lines = [
        "| lanes | pairs | fixed pairs, spreads 1x / 2x / 3x apart | until decided, the same |",
        "| --- | --- | --- | --- |",
    ]
    for lanes, pairs in dict.fromkeys((row["lanes"], row["pairs"]) for row in errors):
        here = [row for row in errors if (row["lanes"], row["pairs"]) == (lanes, pairs)]
        if not here[0]["decides"]:
            lines.append(f"| {lanes} | {pairs} | none possible | none possible |")
            continue
        cells = [
            " / ".join(f"{100 * worst(here, rule, spread=spread):.1f}" for spread in SPREADS) + "%"
            for rule in ("fixed", "until_decided")
        ]
        lines.append(f"| {lanes} | {pairs} | {cells[0]} | {cells[1]} |")
    lines += [
        "",
        "| pairs | true ratio | found, one lane | found, ten lanes | by the interval alone | the interval covers |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for pairs, ratio in dict.fromkeys((row["pairs"], row["ratio"]) for row in found):
        here = [row for row in found if (row["pairs"], row["ratio"]) == (pairs, ratio)]
        columns = ("one_lane", "ten_lanes", "interval_alone", "coverage")
        cells = [" / ".join(f"{100 * row[column]:.1f}" for row in here) + "%" for column in columns]
        lines.append(f"| {pairs} | {ratio:g}x | {' | '.join(cells)} |")
    return lines


def worst(errors: list[Row], rule: str, **where: object) -> float:
    """The largest share of false verdicts of a rule, over the rows where it can decide and that are as `where` says."""
    return max(row[rule] for row in errors if row["decides"] and all(row[key] == value for key, value in where.items()))


def main() -> None:
    results = {"errors": errors(), "found": found()}
    save(beside(__file__, "families.json"), {name: _files.table(rows, 4) for name, rows in results.items()})
    print("\n".join(tables(**results)))


if __name__ == "__main__":
    main()
