"""In which order should lanes run? False verdicts under four rules; writes orders.json, prints the table.

    python -m benchmarks.statistics.orders

A minute and a half on one core; the same numbers every time. The lanes are equal, their times have a standard
deviation of 4%, and something that depends on the order disturbs them: one lane makes whatever runs next 5% slower, or
the machine slows down steadily by 5%, during every pair or over the race.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import ALPHA, balanced_orders, signed_rank
from benchmarks.statistics.races import Array
from benchmarks.statistics.simulate import table
from numpy.typing import NDArray

from benchmarks import _files

DRAWS = 200  # of the orders, each raced TIMES times
TIMES = 50
LANES = (2, 3, 4, 6, 10)
PAIRS = (6, 8, 12, 20)
SD = 0.04
BY = 0.05
DISTURBANCES = ("after a lane", "after the baseline", "during a pair", "over the race")

Orders = NDArray[np.int64]  # (pairs, lanes): who runs first, second, ...; lane 0 is the baseline
Rule = Callable[[np.random.Generator, int, int], Orders]


def permutations(rng: np.random.Generator, lanes: int, pairs: int) -> Orders:
    """Each pair in an order of its own."""
    return rng.permuted(np.tile(np.arange(lanes), (pairs, 1)), axis=1)


def cyclic(rng: np.random.Generator, lanes: int, pairs: int) -> Orders:
    """Squares in which each lane always follows the same one, up to version 0.2.0."""
    places = np.arange(lanes)
    square = (places[:, None] + places) % lanes
    blocks = [rng.permutation(lanes)[rng.permutation(square)] for _ in range(math.ceil(pairs / lanes))]
    return np.concatenate(blocks)[:pairs]


def williams(rng: np.random.Generator, lanes: int, pairs: int) -> Orders:
    """Williams squares whose rows come in any order."""
    steps = np.arange(1, lanes)
    zigzag = np.concatenate([[0], np.where(steps % 2, (steps + 1) // 2, -(steps // 2))])
    square = (np.arange(lanes)[:, None] + zigzag) % lanes
    if lanes % 2:
        square = np.concatenate([square, square[:, ::-1]])
    blocks = [rng.permutation(lanes)[rng.permutation(square)] for _ in range(math.ceil(pairs / len(square)))]
    return np.concatenate(blocks)[:pairs]


def mirrored(rng: np.random.Generator, lanes: int, pairs: int) -> Orders:
    """The race's own: rows of Williams squares, each followed by its mirror, followers kept even where pairs meet."""
    return np.array(balanced_orders(lanes, pairs, int(rng.integers(2**31))))


RULES: dict[str, Rule] = {
    "permutations": permutations,
    "cyclic": cyclic,
    "williams": williams,
    "mirrored": mirrored,
}


def slower(orders: Orders, disturbance: str) -> Array:
    """(lanes, pairs) what the disturbance adds to each log-time."""
    pairs, lanes = orders.shape
    runs = orders.ravel()
    match disturbance:
        case "during a pair":
            added = np.tile(np.arange(lanes) / (lanes - 1), pairs)
        case "over the race":
            added = np.arange(len(runs)) / (len(runs) - 1)
        case _:
            added = np.concatenate([[0.0], runs[:-1] == (1 if disturbance == "after a lane" else 0)])
    found = np.empty((lanes, pairs))
    found[runs, np.repeat(np.arange(pairs), lanes)] = math.log1p(BY) * added
    return found


def cell(rule: str, lanes: int, pairs: int, disturbance: str) -> Row:
    """How often lanes that are equal get a verdict against the baseline."""
    key = zlib.crc32(f"{lanes} {pairs}".encode())  # the same noise for all rules
    draw, noise = np.random.default_rng([key, 0]), np.random.default_rng([key, 1])
    added = np.stack([slower(RULES[rule](draw, lanes, pairs), disturbance) for _ in range(DRAWS)])
    times = added[:, None] + SD * noise.standard_normal((DRAWS, TIMES, lanes, pairs))
    ratios = (times[:, :, :1] - times[:, :, 1:]).reshape(-1, lanes - 1, pairs)
    p = signed_rank(ratios, ratios).p_value
    return {
        "disturbance": disturbance,
        "lanes": lanes,
        "pairs": pairs,
        "rule": rule,
        "verdicts": float((p <= ALPHA).mean()),
        "worst_lane": float((p <= ALPHA).mean(axis=0).max()),
        "any_of_race": float((p <= ALPHA / (lanes - 1)).any(axis=1).mean()),
    }


def markdown(rows: list[Row]) -> str:
    """A line per disturbance and number of lanes, the figures of 6 / 8 / 12 / 20 pairs in a cell."""
    names = ("permutations", "cyclic", "williams", "mirrored")
    lines = []
    for disturbance in DISTURBANCES:
        for lanes in LANES:
            there = [row for row in rows if (row["disturbance"], row["lanes"]) == (disturbance, lanes)]
            cells = [
                " / ".join(f"{100 * row['worst_lane']:.1f}" for row in there if row["rule"] == name) + "%"
                for name in names
            ]
            lines.append(f"| {' | '.join([disturbance, str(lanes), *cells])} |")
    return "\n".join(lines)


def main() -> None:
    rows = [
        cell(rule, lanes, pairs, disturbance)
        for disturbance in DISTURBANCES
        for lanes in LANES
        for pairs in PAIRS
        for rule in RULES
    ]
    save(beside(__file__, "orders.json"), _files.table(rows, 4))
    print(table(rows, tuple(rows[0])))
    print(markdown(rows))


if __name__ == "__main__":
    main()
