"""The base of samplers whose rounds depend on how far training has come, and on nothing else that it does."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from sooner.sampling._base import Order, Sampler


class ByProgress(Sampler):
    """A sampler whose rounds are functions of (seed, epoch, progress when the round began).

    Attributes:
        progress: share of the run that is spent, in [0, 1]; the training loop sets it before each round. It is read
            once, when a round begins, and clipped to the range; left alone, it stays 0. The state holds it.
    """

    def __init__(self, n: int, batch_size: int, *, seed: int = 0, drop_last: bool = False) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self._begun: tuple[int, float] | None = None  # the round that began last, and its progress

    @abstractmethod
    def arrange(self, epoch: int, progress: float) -> Order:
        """The order of round `epoch`, begun at `progress`. A pure function of both and the seed."""

    def order(self, epoch: int) -> Order:
        """The order of round `epoch`, as it is if it has begun, else as it would be if it began now."""
        begun = self._begun is not None and self._begun[0] == epoch
        return self.arrange(epoch, self.present if begun else self._clipped)

    @property
    def present(self) -> float:
        """The progress at which the present round began, where training is; before the first, that of now."""
        return self._clipped if self._begun is None else self._begun[1]

    @property
    def _clipped(self) -> float:
        return min(max(float(self.progress), 0.0), 1.0)

    def _batches(self) -> Iterator[Tensor]:
        if self._begun is None or self._begun[0] != self.epoch:
            self._begun = self.epoch, self._clipped
            self._order = None
        yield from super()._batches()

    def _order_of(self, epoch: int) -> Order:
        if self._begun is None or self._begun[0] != epoch:
            return self.order(epoch)  # of a round that has not begun: progress goes on, so it is not kept
        return super()._order_of(epoch)

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """As every sampler's, with `progress` and that of the round that began last: plain values."""
        begun = None if self._begun is None else list(self._begun)
        return {**super().state_dict(consumed), "progress": float(self.progress), "begun": begun}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As every sampler's."""
        before, begun = self._begun, state.get("begun")
        self._begun, self._order = (int(begun[0]), float(begun[1])) if begun else None, None
        try:
            super().load_state_dict(state)
        except Exception:
            self._begun = before
            raise
        self.progress = float(state["progress"])
