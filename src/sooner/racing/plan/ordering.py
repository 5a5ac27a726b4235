"""In which order the runs of a race take place: pair by pair, so that neither drift nor an earlier run favours a lane.

A lane may leave the machine slower for whoever runs next: hot, its memory in pieces, its cache full. Where each lane
always follows the same one (a cyclic square), one such lane makes one verdict false. Here each follows each equally
often, itself included, as far as the number of pairs allows; `benchmarks/statistics/orders.py` compares the two, and
independent permutations, which do worse at few lanes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from sooner.random import generator


def balanced_orders(lanes: int, pairs: int, seed: int) -> list[list[int]]:
    """For each pair the order of its lanes, as positions 0 to lanes-1; a longer race begins like a shorter one.

    The orders are the rows of Williams squares (Williams, Aust. J. Sci. Res. A 2, 1949), named at random: over a block
    of `lanes` pairs, twice as many of an odd number, each lane stands equally often in each place, and each follows
    each other equally often within a pair. Each row is followed by the same one backwards: after every second pair all
    lanes had the same mean place, so a steady drift during pairs, or over the race, hits all alike whatever their
    number. Where one pair meets the next, a lane may follow itself, which it never can within one; so the row
    that comes next is the one that keeps all of these counts most even, at random among equals.

    Args:
        lanes: at least 1.
        pairs: at least 0.
        seed: of the race; the orders are the same on every machine.

    Returns:
        (pairs, lanes). Costs O(lanes^3) a couple of pairs: 0.1 ms for six lanes.
    """
    draw = generator(seed, "race order")
    followed = np.zeros(lanes * lanes, dtype=np.int64)  # how often a has been followed by b, at a * lanes + b
    orders: list[list[int]] = []
    left: list[NDArray[np.int64]] = []
    while len(orders) < pairs:
        left = left or _block(lanes, draw)
        couples = np.array([each for row in left for each in (np.append(row, row[::-1]), np.append(row[::-1], row))])
        runs = np.insert(couples, 0, orders[-1][-1], axis=1) if orders else couples
        added = np.zeros((len(runs), lanes * lanes), dtype=np.int64)
        np.add.at(added, (np.arange(len(runs))[:, None], runs[:, :-1] * lanes + runs[:, 1:]), 1)
        uneven = (added * (added + 2 * followed)).sum(axis=1)  # what it adds to the sum of squares of `followed`
        evenest = np.flatnonzero(uneven == uneven.min())
        chosen = int(evenest[int(torch.randint(len(evenest), (), generator=draw))])
        followed += added[chosen]
        orders += couples[chosen].reshape(2, lanes).tolist()
        left.pop(chosen // 2)
    return orders[:pairs]


def _block(lanes: int, draw: torch.Generator) -> list[NDArray[np.int64]]:
    """The (lanes,) rows of one Williams square, of an odd number of lanes of two, without those that mirror another.

    Rows are shifts of 0, 1, -1, 2, -2, ... modulo `lanes`. Of an even number the mirror of each is a shift, too.
    """
    steps = np.arange(1, lanes)
    zigzag = np.concatenate([[0], np.where(steps % 2, (steps + 1) // 2, -(steps // 2))])
    names = torch.randperm(lanes, generator=draw).numpy()
    return [names[(zigzag + shift) % lanes] for shift in range(lanes if lanes % 2 else lanes // 2)]
