"""The base of samplers that look at losses: each round is decided once, when it begins, from the scores as they are."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from sooner._words import number_of
from sooner.random import derive
from sooner.sampling._base import Order, Sampler
from sooner.sampling._orders import Picked
from sooner.sampling.permutation import Permutation
from sooner.sampling.scores import ScoreStore

Decision = Mapping[str, Tensor]

_AT_ONCE = frozenset({"cpu"})  # kinds of device whose losses are taken at once; looking at others would stall them,
_HELD = 64  # so theirs wait, for so many steps


@dataclass(frozen=True)
class _Round:
    """A round that has begun: what was decided for it holds until the next one begins."""

    epoch: int
    decision: Decision


class Scored(Sampler):
    """A sampler whose rounds depend on what was observed of the examples.

    When a round begins, `decide` reads the scores and says what the round is made from, say which examples are kept.
    The order and the weights are functions of (seed, epoch, that decision) and nothing else: losses observed in the
    round change the next one, never the present one, so a loader may look ahead as far as it likes. With several
    processes their observations are exchanged at that moment, so that all decide alike.

    `len(sampler)` before a round begins is that of the round as it would be if it began now.

    The state holds the scores, the present decision (a bit per example where it is a yes or no), and `progress`. It
    is a copy: taking it costs O(n). With several processes call `sampler.scores.exchange()` on all of them before a
    state is taken in the middle of a round, or it lacks what the others have seen since the round began.

    Attributes:
        columns: the columns of the score store and their defaults.
        scores: the score store. A new one may be put in its place before training, say a memory-mapped one:
            `sampler.scores = ScoreStore(sampler.n, sampler.columns, path=folder)`.
    """

    columns: Mapping[str, float | int | bool] = MappingProxyType({"loss": math.nan})

    def __init__(self, n: int, batch_size: int, *, seed: int = 0, drop_last: bool = False) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self._scores = ScoreStore(self.n, self.columns)
        self._waiting: list[tuple[Tensor, Tensor]] = []
        self._round: _Round | None = None
        self._observed = 0  # calls of `observe`

    @abstractmethod
    def decide(self, epoch: int) -> Decision:
        """What round `epoch` is made from, by name, from the scores as they are now. Changes nothing."""

    @abstractmethod
    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The order of round `epoch`, given its decision. A pure function of both and the seed."""

    def take(self, index: Tensor, loss: Tensor) -> None:
        """Note the losses of a step: (B,) int64, (B,) float32, finite, on the CPU. By default, the latest of each."""
        self._scores.update(index, loss=loss)

    def observe(self, index: Tensor, loss: Tensor) -> None:
        """Take note of examples' losses: `index` (B,) int64, `loss` (B,) float, any device. O(B).

        Losses on an accelerator are fetched some steps at a time, so that no step waits for them. A loss that is not
        finite makes the example one that was never seen: what was known of it, a low loss say, holds no more, and no
        method hides or leaves out for its score what it has not seen.

        Raises:
            ValueError: there is not one loss per index.
            TypeError, IndexError: the index is not int64, or out of range.
        """
        if index.ndim != 1 or loss.shape != index.shape:
            raise ValueError(
                f"observe needs one loss for each index, got {tuple(loss.shape)} for {tuple(index.shape)}; with a "
                'torch loss pass reduction="none", observe its result, and reduce it after that'
            )
        if index.dtype != torch.int64:
            raise TypeError(f"index must be int64, not {index.dtype}: through a float it names another example")
        self._observed += 1
        if loss.device.type in _AT_ONCE:
            self._settle()
            self._note(index.cpu(), loss.detach().float())
            return
        # Copies, since training may go on to weight the losses in place.
        self._waiting.append((index.detach().clone(), loss.detach().clone()))
        if len(self._waiting) >= _HELD:
            self._settle()

    @property
    def _told(self) -> int | None:
        return self._observed if self.columns else None

    @property
    def _knows(self) -> bool:
        """Whether any score is not its default: observed once, of a loaded state, or written into the store. O(n)."""
        scores, fresh = self.scores, ScoreStore(1, self.columns)
        return not all(_same(scores[name], fresh[name]) for name in self.columns)

    def _settle(self) -> None:
        """Take the losses that wait, step by step, in order."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        sizes = [len(index) for index, _ in waiting]
        index = torch.cat([index for index, _ in waiting]).cpu()
        loss = torch.cat([loss for _, loss in waiting]).to("cpu", torch.float32)
        for step, values in zip(torch.split(index, sizes), torch.split(loss, sizes), strict=True):
            self._note(step, values)

    def _note(self, index: Tensor, loss: Tensor) -> None:
        finite = loss.isfinite()
        if finite.all():
            self.take(index, loss)
            return
        self.take(index[finite], loss[finite])
        self._scores.reset(index[~finite])

    @property
    def scores(self) -> ScoreStore:
        """The score store, with everything in it that was observed."""
        self._settle()
        return self._scores

    @scores.setter
    def scores(self, store: ScoreStore) -> None:
        fresh = ScoreStore(1, self.columns).state_dict()["columns"]
        if store.n != self.n or {name: fresh[name].dtype for name in fresh} != store.dtypes:
            raise ValueError(f"scores must be a store of {self.n} examples with the columns {dict(self.columns)}")
        store.recording = self.world > 1
        self._scores = store

    def decision(self, epoch: int) -> Decision:
        """What round `epoch` is made from: as decided if it has begun, else as it would be decided now."""
        if self._round is not None and self._round.epoch == epoch:
            return self._round.decision
        self._settle()
        return self.decide(epoch)

    @property
    def present(self) -> Decision | None:
        """The decision of the round that began last, where training is; None before the first."""
        return None if self._round is None else self._round.decision

    def order(self, epoch: int) -> Order:
        """The order of round `epoch`, as decided if it has begun, else as it would be if it began now."""
        return self.arrange(epoch, self.decision(epoch))

    def shuffled(self, kept: Tensor, epoch: int) -> Order:
        """The examples where the (n,) bool mask `kept` is True, in the random order of round `epoch`."""
        members = kept.nonzero().flatten()
        return Picked(members, Permutation(len(members), derive(self.seed, "scored order", epoch)))

    def standing(self, epoch: int, period: int) -> Decision | None:
        """The decision of the round before `epoch` where it still holds: a new one is made every `period` rounds."""
        before = self._round
        return before.decision if before and before.epoch == epoch - 1 and epoch % period else None

    def _batches(self) -> Iterator[Tensor]:
        if self._round is None or self._round.epoch != self.epoch:
            self._level()
            self._round = _Round(self.epoch, self.decide(self.epoch))
            self._order = None
        yield from super()._batches()

    def _level(self) -> None:
        """Exchange what the ranks have observed, so that all know the same."""
        if self.world == 1:  # also where `shard(0, 1)` says that each process is by itself
            return
        self.scores.exchange()
        alone = len(self._scores.observed()["index"])
        if alone:
            raise RuntimeError(
                f"rank {self.rank} has observed {number_of(alone, 'example')} that the other "
                f"{self.world - 1} did not, so the ranks would not agree on the next round. Initialise "
                "torch.distributed before training, or pass what each rank's scores.observed() gives to "
                "scores.merge() on all of them before a round begins"
            )

    def _order_of(self, epoch: int) -> Order:
        if self._round is None or self._round.epoch != epoch:
            return self.order(epoch)  # of a round that has not begun: the next loss may change it, so it is not kept
        return super()._order_of(epoch)

    def shard(self, rank: int, world: int) -> Self:
        """As every sampler's; from now on the store notes what this rank observes, for the others."""
        super().shard(rank, world)
        self._scores.recording = world > 1
        return self

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return {**self.__dict__, "_order": None}  # made again where it is needed

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """As every sampler's, with the scores, the present round's decision and `progress`: plain data, tensors.

        Raises RuntimeError where other processes do not know yet what this one has observed: see the class.
        """
        alone = len(self.scores.observed()["index"]) if self.world > 1 else 0
        if alone:
            raise RuntimeError(
                f"rank {self.rank} has observed {alone} {'example' if alone == 1 else 'examples'} since the processes "
                f"last exchanged what they know, and the other {self.world - 1} have observed others, so this state "
                "would not resume exactly: call sampler.scores.exchange() on every process, then save"
            )
        begun = self._round
        decision = {name: _packed(value) for name, value in begun.decision.items()} if begun else {}
        return {
            **super().state_dict(consumed),
            "scores": self.scores.state_dict(),
            "round": {"epoch": begun.epoch, "decision": decision} if begun else None,
            "progress": self.progress,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As every sampler's."""
        before, saved = self._round, state.get("round")
        decision = {name: _unpacked(value) for name, value in saved["decision"].items()} if saved else {}
        self._round, self._order = (_Round(saved["epoch"], decision) if saved else None), None
        try:
            super().load_state_dict(state)
            self._scores.load_state_dict(state["scores"])
        except Exception:
            self._round, self._order = before, None
            raise
        self._waiting.clear()
        self.progress = float(state["progress"])


def _packed(value: Tensor) -> Tensor | dict[str, Any]:
    """Yes or no at a bit each; anything else as it is."""
    if value.dtype != torch.bool:
        return value.clone()
    return {"bits": torch.from_numpy(np.packbits(value.numpy())), "length": len(value)}


def _unpacked(value: Tensor | Mapping[str, Any]) -> Tensor:
    if isinstance(value, Tensor):
        return value
    bits = np.unpackbits(value["bits"].numpy(), count=value["length"])
    return torch.from_numpy(bits.view(np.bool_))


def _same(column: Tensor, default: Tensor) -> bool:
    """Whether the whole column is its default, which may be NaN."""
    return bool(((column == default) | (column.isnan() & default.isnan())).all())
