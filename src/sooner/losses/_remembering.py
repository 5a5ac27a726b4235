"""Losses that remember a vector of each training example, beside the device that trains."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import torch
from torch import Tensor

from sooner._arguments import one_of, shown, whole_number
from sooner._words import number_of
from sooner.losses._base import wide
from sooner.sampling.scores import ScoreStore

Place = Literal["device", "host"]

_ROUNDS = 1.5  # that a process may go through before it has heard of the others
_HOST = {"cpu"}  # device types that read the store itself


class Remembering(ABC):
    """Holds C float32 for each of n examples in a score store, read and updated by index at each call.

    The memory takes 4 C bytes per example. On a CPU it is the store itself. On an accelerator `memory` says where:

    - "device": the whole column lies there too, as one tensor that is gathered from and written to like any other, so
      no step waits for the host; the store is brought up to date when `scores` or a state is asked for. Where the
      store itself has changed (`exchange`, a loaded state), the next call copies the column to the device again.
    - "host": it stays in the store, which may be memory-mapped. Each step moves B indices and B x C floats over and
      back, and waits for the device twice.

    Only a call that records gradients (`torch.is_grad_enabled()`) updates the memory. Call it once per example and
    step: a second call, as of a closure that an optimizer evaluates twice, would count as another visit. Predictions
    that are not finite, as of a step that a gradient scaler skips, are passed over: the example keeps what is known.
    So are examples whose target is `ignore_index`.

    Attributes:
        column: the name of the column in the store.
        scores: the score store, with everything in it. A new one may be put in its place before training, say a
            memory-mapped one: `loss.scores = ScoreStore(loss.n, loss.columns, path=folder)`.
    """

    column: ClassVar[str]
    start: ClassVar[float]  # what every entry is before an example was seen

    def __init__(self, n: int, classes: int, memory: Place, ignore_index: int) -> None:
        self.n = whole_number("n", n, 1)
        self.classes = whole_number("classes", classes, 2)
        self.memory = one_of("memory", memory, get_args(Place))
        self.ignore_index = whole_number("ignore_index", ignore_index)
        self._scores = ScoreStore(self.n, self.columns)
        self._copy: Tensor | None = None  # of the column, on the accelerator
        self._touched: Tensor | None = None  # (n,) bool, beside it: rows that the store does not know yet
        self._version = 0  # of the store when both were level
        self._alone = (0, 0)  # examples noted since the processes last exchanged, and the number of that exchange

    @abstractmethod
    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,); see `Loss`."""

    @property
    def columns(self) -> dict[str, Tensor]:
        """The columns of the score store and their defaults."""
        return {self.column: torch.full((self.classes,), self.start)}

    @property
    def scores(self) -> ScoreStore:
        self._settle()
        return self._scores

    @scores.setter
    def scores(self, store: ScoreStore) -> None:
        mine, theirs = (
            {name: (each[name].dtype, each[name].shape) for name in each.dtypes} for each in (self._scores, store)
        )
        if mine != theirs:
            raise ValueError(
                f"scores must be a store of {number_of(self.n, 'example')} with the columns of this loss, not {store}"
            )
        store.recording = store.recording or self._scores.recording
        self._scores, self._copy, self._touched = store, None, None

    def state_dict(self) -> dict[str, Any]:
        """A copy of the memory, O(n C). Among several processes call `scores.exchange()` on all of them first."""
        return {"scores": self.scores.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()`. Raises ValueError if it is of another n or number of classes."""
        self._copy = self._touched = None  # what was not settled belongs to the run that is left
        self._scores.load_state_dict(state["scores"])

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return {**self.__dict__, "_copy": None, "_touched": None}

    def __repr__(self) -> str:
        return shown(self)

    def _checked(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        logits = wide(outputs, targets)
        if outputs.shape[1] != self.classes:
            raise ValueError(
                f"this loss was made for {number_of(self.classes, 'class')}, but there are {outputs.shape[1]} outputs"
            )
        if index.shape != targets.shape or index.dtype != torch.int64:
            raise ValueError(
                f"index must be the position in the training set of each of the {len(targets)} examples, int64 of "
                f"shape ({len(targets)},), not {index.dtype} of shape {tuple(index.shape)}"
            )
        return logits

    def _recall(self, index: Tensor, like: Tensor) -> Tensor:
        """(B, C) what is remembered, on the device and in the dtype of `like`."""
        if self._lies_on(like.device):
            return self._on(like.device)[index.to(like.device)].to(like.dtype)
        return self._scores.read(self.column, index).to(like.device, like.dtype)

    def _note(self, index: Tensor, old: Tensor, new: Tensor, counts: Tensor) -> None:
        """Remember `new` (B, C) where `counts` (B,), or `old` where it is not finite, if gradients are recorded."""
        if not torch.is_grad_enabled():
            return
        self._check_processes(len(index))
        new = torch.where(new.isnan(), old, new)  # a softmax that is not finite is NaN in every class
        if not self._lies_on(new.device):
            counts = counts.cpu()
            if counts.any():
                self._scores.update(index.cpu()[counts], **{self.column: new.cpu()[counts]})
            return
        copy, index = self._on(new.device), index.to(new.device)
        last = _last(index, counts)  # which of them count cannot be cut out: their number is not known on the host
        copy[index] = torch.where(counts[last, None], new[last].to(copy.dtype), copy[index])
        if self._touched is None:
            self._touched = torch.zeros(self.n, dtype=torch.bool, device=new.device)
        self._touched[index] |= counts[last]

    def _check_processes(self, examples: int) -> None:
        """Among several processes each has to be told what the others have seen, which the loop alone can do."""
        distributed = torch.distributed
        world = distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
        if world == 1:
            return
        who = type(self).__name__
        if not self._scores.recording:
            raise RuntimeError(
                f"torch.distributed has {world} processes, and {who} remembers of each example only what this one saw: "
                "set loss.scores.recording = True before the first step, and call loss.scores.exchange() on every "
                "process at the end of each round"
            )
        alone, exchanges = self._alone
        before, alone = alone, examples + (alone if exchanges == self._scores.exchanges else 0)
        self._alone = alone, self._scores.exchanges
        limit = _ROUNDS * self.n / world
        if before <= limit < alone:
            warnings.warn(
                f"{who} has seen {alone} examples in this process, of {self.n} among {world}, since the processes last "
                "exchanged what they remember: call loss.scores.exchange() on every process at the end of each round, "
                "or leave this be where each trains a model of its own",
                stacklevel=4,
            )

    def _lies_on(self, device: torch.device) -> bool:
        return self.memory == "device" and device.type not in _HOST

    def _on(self, device: torch.device) -> Tensor:
        """The column on `device`, level with the store."""
        if self._copy is None or self._copy.device != device or self._version != self._scores.version:
            self._settle()
            self._copy = self._scores[self.column].to(device, copy=True)
            self._version = self._scores.version
        return self._copy

    def _settle(self) -> None:
        """Tell the store what has changed on the device."""
        if self._copy is None or self._touched is None:
            return
        stale = self._version != self._scores.version  # others wrote to the store: fetch that at the next call
        rows = self._touched.nonzero().flatten()
        self._scores.update(rows, **{self.column: self._copy[rows]})
        self._touched = None
        self._version = -1 if stale else self._scores.version


def _last(index: Tensor, counts: Tensor) -> Tensor:
    """(B,) for each position in `index` the last one of the same index, so that writing has one outcome only.

    Of those that count, if one of the same index does.
    """
    ascending, order = (2 * index + counts).sort(stable=True)
    return order[torch.searchsorted(ascending, 2 * index + 1, right=True) - 1]
