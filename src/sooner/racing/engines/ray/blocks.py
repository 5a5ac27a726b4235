"""Which run a worker makes next: the runs of a seed follow each other on one worker, and never leave its kind."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence

from sooner.racing.plan.lanes import PlannedRun


class Blocks:
    """The runs that are still to be made, in blocks: those of one seed, in their order.

    A block belongs to one worker at a time, so drift of a machine hits all lanes of a pair alike. Where the worker is
    lost, another takes the block over, but only one on the same kind of machine: the times of a pair are compared.

    Args:
        planned: the runs to be made, in order; the blocks are in the order of their first runs.
        kinds: of machine, by seed, on which the earlier runs of a seed were made.
    """

    def __init__(self, planned: Sequence[PlannedRun], kinds: Mapping[int, str]) -> None:
        self.kinds = dict(kinds)
        self._blocks: dict[int, deque[PlannedRun]] = {}
        for run in planned:
            self._blocks.setdefault(run.seed, deque()).append(run)
        self._owners: dict[int, Hashable] = {}

    def __len__(self) -> int:
        return sum(map(len, self._blocks.values()))

    def take(self, worker: Hashable, kind: str) -> PlannedRun | None:
        """The next run for a free worker on a machine of this kind: of its own block, else of the first free one."""
        seed = next((seed for seed, owner in self._owners.items() if owner == worker and self._blocks[seed]), None)
        if seed is None:
            self.leave(worker)
            seed = next((seed for seed in self._blocks if self._free(seed, kind)), None)
        if seed is None:
            return None
        self._owners[seed] = worker
        self.kinds[seed] = kind
        return self._blocks[seed].popleft()

    def _free(self, seed: int, kind: str) -> bool:
        return bool(self._blocks[seed]) and seed not in self._owners and self.kinds.get(seed, kind) == kind

    def give_back(self, run: PlannedRun) -> None:
        """`run` was not made after all: it is the next of its block."""
        self._blocks[run.seed].appendleft(run)

    def leave(self, worker: Hashable) -> None:
        """This worker makes no more: what it had is free for others."""
        self._owners = {seed: owner for seed, owner in self._owners.items() if owner != worker}

    def unfinished(self) -> dict[int, str | None]:
        """The seeds that have runs left to be made, and the kind of machine each needs; None for any."""
        return {seed: self.kinds.get(seed) for seed, block in self._blocks.items() if block}
