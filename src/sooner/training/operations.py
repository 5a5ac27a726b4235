"""The floating-point operations of a run: what its passes come to, dense and with only the live weights counted."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from torch import nn

from sooner.sparsity import SparseTraining, flops
from sooner.tasks.models import flops as dense_flops
from sooner.training.clock import Clock

_FORWARD_AND_BACKWARD = 3  # times the forward's, the usual count


class Operations:
    """Adds up a run's FLOPs, three times a forward pass's for each example trained on and one for each only scored.

    A pass is counted again wherever the model's channels, its masks or the size of its inputs have changed, off the
    clock.

    Attributes:
        dense: all of them, which is what ordinary kernels do; None where a model cannot be counted.
        sparse: those of live weights alone, which ordinary kernels do not save; None where there are no masks.
    """

    def __init__(self, model: nn.Module, sparsity: SparseTraining | None, clock: Clock) -> None:
        self.dense: float | None = 0.0
        self.sparse: float | None = None if sparsity is None else 0.0
        self._model = model
        self._sparsity = sparsity
        self._clock = clock
        self._known: tuple[Hashable, tuple[int, int] | None] | None = None

    def add(self, shape: tuple[int, ...], version: int, trained: int, scored: int, passes: int | None = 1) -> None:
        """Count a step: examples of `shape`, the model in its `version`, `trained` and `scored` of them.

        Each was passed forward and backward `passes` times; None where that is not known, and then nothing is.
        """
        if self.dense is None or passes is None or not shape:
            self.dense = self.sparse = None  # nor can inputs be made up that are no one tensor
            return
        key = (shape, version, self._sparsity.version if self._sparsity else 0)
        if self._known is None or self._known[0] != key:
            self._known = key, self._of_a_pass(shape)
        forward, of_one = _FORWARD_AND_BACKWARD * trained * passes + scored, self._known[1]
        self.dense = None if of_one is None else self.dense + forward * of_one[0]
        if self.sparse is not None:
            self.sparse = None if of_one is None else self.sparse + forward * of_one[1]

    def _of_a_pass(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        with self._clock.phase("evaluate"):
            try:
                if self._sparsity is None:
                    return dense_flops(self._model, shape), 0
                counted = flops(self._model, shape, self._sparsity)
                return counted.dense, counted.sparse
            except Exception:  # whatever a model of the user's raises at a batch of one: a count is not worth its run
                return None

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"dense": self.dense, "sparse": self.sparse}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()`."""
        self.dense, self.sparse = state["dense"], state["sparse"]
