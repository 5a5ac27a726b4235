"""Which run a worker makes next: the runs of a seed follow each other on one worker, and never leave its kind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

from sooner.racing.plan.lanes import PlannedRun

_Key: TypeAlias = int | tuple[str, int]  # of a block: its seed, or the one run in it


class Blocks:
    """The runs that are still to be made, in blocks: those of one seed, in their order.

    A block belongs to one worker at a time, so drift of a machine hits all lanes of a pair alike. Where the worker is
    lost, another takes the block over, but only one on the same kind of machine: the times of a pair are compared.

    Args:
        planned: the runs to be made, in order; the blocks are in the order of their first runs.
        kinds: of machine, by seed, on which the earlier runs of a seed were made.
        alone: whether no other run's time is compared with that of a run: it is a block by itself, on any machine.
    """

    def __init__(
        self,
        planned: Sequence[PlannedRun],
        kinds: Mapping[int, str],
        alone: Callable[[PlannedRun], bool] = lambda run: False,
    ) -> None:
        self.kinds: dict[_Key, str] = dict(kinds.items())
        self._alone = alone
        self._blocks: dict[_Key, deque[PlannedRun]] = {}
        for run in planned:
            self._blocks.setdefault(self._key(run), deque()).append(run)
        self._owners: dict[_Key, Hashable] = {}

    def _key(self, run: PlannedRun) -> _Key:
        return (run.lane.name, run.seed) if self._alone(run) else run.seed

    def __len__(self) -> int:
        return sum(map(len, self._blocks.values()))

    def take(self, worker: Hashable, kind: str) -> PlannedRun | None:
        """The next run for a free worker on a machine of this kind: of its own block, else of the first free one."""
        key = next((key for key, owner in self._owners.items() if owner == worker and self._blocks[key]), None)
        if key is None:
            self.leave(worker)
            key = next((key for key in self._blocks if self._free(key, kind)), None)
        if key is None:
            return None
        self._owners[key] = worker
        if isinstance(key, int):
            self.kinds[key] = kind
        return self._blocks[key].popleft()

    def _free(self, key: _Key, kind: str) -> bool:
        return bool(self._blocks[key]) and key not in self._owners and self.kinds.get(key, kind) == kind

    def give_back(self, run: PlannedRun) -> None:
        """`run` was not made after all: it is the next of its block."""
        self._blocks[self._key(run)].appendleft(run)

    def leave(self, worker: Hashable) -> None:
        """This worker makes no more: what it had is free for others."""
        self._owners = {key: owner for key, owner in self._owners.items() if owner != worker}

    def unfinished(self) -> dict[int, str | None]:
        """The seeds that have pairs left to be made, and the kind of machine each needs; None for any."""
        return {key: self.kinds.get(key) for key, block in self._blocks.items() if block and isinstance(key, int)}
