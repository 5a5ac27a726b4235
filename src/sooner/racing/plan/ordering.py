"""In which order the runs of a race take place: pair by pair, lanes interleaved in balanced random order."""

from __future__ import annotations

import torch

from sooner.random import generator


def balanced_orders(lanes: int, pairs: int, seed: int) -> list[list[int]]:
    """For each pair the order of its lanes, as positions 0 to lanes-1.

    In every block of `lanes` pairs each lane stands once in each place (a random Latin square), so a machine that
    warms up or slows down during a pair, or over the race, hits all lanes alike.
    """
    draw = generator(seed, "race order")
    orders: list[list[int]] = []
    while len(orders) < pairs:
        names = torch.randperm(lanes, generator=draw).tolist()
        rows = torch.randperm(lanes, generator=draw).tolist()
        orders += [[names[(row + column) % lanes] for column in range(lanes)] for row in rows]
    return orders[:pairs]
