"""Watch: whether the batches that training gets are those that the sampler handed out, and how many it has used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sooner.errors import SoonerError
from sooner.sampling import Order, Sampler, Scored

_TELL = (
    "call sampler.observe(batch.index, losses.detach()) for each batch, with one loss per example, before they are "
    "averaged; where its card says so, sampler.screen(...) before that, or sampler.observe_gradient(...)"
)
_COMPARED = 8  # batches of each iteration; on an accelerator each look waits for the device
_SHOWN = 5


class SamplerReplaced(SoonerError):
    """Training does not get the batches that the sampler handed out: a framework has put another in its place."""


class Watch:
    """Follows one sampler through iterations over a loader, from where training is.

    Order is a pure function, so what should arrive is known without looking into the loader, and no loader, worker or
    look-ahead can disturb the check.

    Args:
        sampler: the one that the loader was made with.
        mend: what to do where another took its place, the end of the error's message.

    Attributes:
        used: batches of the present iteration that training has used; None between two iterations.
    """

    def __init__(self, sampler: Sampler, mend: str) -> None:
        self.sampler = sampler
        self.used: int | None = None
        self._mend = mend
        self._order: Order | None = None
        self._at = 0  # where in the round the next batch should start
        self._told: int | None = sampler._told
        self._silent = 0  # rounds in a row of which the sampler was told nothing

    def begin(self) -> None:
        """An iteration over the loader begins, or has begun without giving a batch to training yet."""
        self.used = 0
        self._order = None

    def check(self, batch: Any) -> None:
        """Look at a batch that has arrived, before it counts as used. Raises `SamplerReplaced`."""
        if self._order is None:
            self._open()
        if self.used is not None and self.used < _COMPARED:
            self._compare(index_of(batch, self._mend))

    def _open(self) -> None:
        place = Sampler.state_dict(self.sampler, 0)  # the place alone: a scored sampler's own would copy its scores
        if (place["epoch"], place["position"]) == (self.sampler.epoch, self.sampler.position):
            raise SamplerReplaced(f"a batch has arrived that the sampler was not asked for. {self._mend}")
        self._order, self._at = self.sampler._order_of(place["epoch"]), place["position"]

    def _compare(self, index: Tensor) -> None:
        assert self._order is not None
        rank, world = self.sampler.rank, self.sampler.world
        start, stop = self._at, self._at + self.sampler.batch_size
        expected = self._order[start:stop][rank::world]
        if len(index) > len(expected):  # the round's last batch takes in what is too little to stand alone
            expected = self._order[start : len(self._order)][rank::world]
        self._at = stop
        if not torch.equal(index.cpu(), expected):
            raise SamplerReplaced(
                f"the batches that arrive are not those that the sampler handed out: one should hold examples "
                f"{_some(expected)} and holds {_some(index)}. {self._mend}"
            )

    def state_dict(self) -> dict[str, Any]:
        """The sampler's state after the batches used, whatever a loader has fetched beyond them."""
        return self.sampler.state_dict(consumed=self.used)

    def complete(self) -> None:
        """A round is over. Raises RuntimeError where the sampler chose it, and was told nothing of it and of the last.

        Nothing of one may be the loop's: it may fetch a step's batches before it trains on any.
        """
        told, before = self.sampler._told, self._told
        self._told = told
        self._silent = self._silent + 1 if self.used and told is not None and told == before else 0
        if self._silent > 1 and not self.sampler._knows:  # some observe every few rounds, or bring scores of their own
            raise RuntimeError(
                f"{type(self.sampler).__name__} was told nothing of two rounds of batches, so it chooses as if it had "
                f"never seen an example: {_TELL}"
            )

    def end(self) -> None:
        """The iteration is over. If it was left early the sampler goes back to where training is."""
        if self.used is not None:
            place = Sampler.state_dict(self.sampler, self.used)
            if place["position"] < self.sampler._total(place["epoch"]):
                # The place alone: what was observed stays, and so does the note of what others have yet to be told.
                Sampler.load_state_dict(self.sampler, place)
            self.used = None


def index_of(batch: Any, mend: str) -> Tensor:
    """The (B,) int64 index of a batch, its attribute or its key `index`. Raises `SamplerReplaced`."""
    index = batch.get("index") if isinstance(batch, Mapping) else getattr(batch, "index", None)
    if not isinstance(index, Tensor) or index.dtype != torch.int64:
        raise SamplerReplaced(
            f"a {type(batch).__name__} has arrived with no int64 tensor `index`, so no loss can be credited to its "
            f"example: make batches with sooner.Indexed and sooner.collate. {mend}"
        )
    return index


def sampler_of(loader: object) -> Sampler:
    """The sampler that a `DataLoader` was made with. Raises TypeError where it is none of ours."""
    sampler: object = loader.batch_sampler if isinstance(loader, DataLoader) else None
    if not isinstance(sampler, Sampler):
        given = type(loader).__name__ if sampler is None else f"a loader with a {type(sampler).__name__}"
        raise TypeError(f"expected DataLoader(..., batch_sampler=sampler) with a sampler of sooner, not {given}")
    return sampler


def level(sampler: Sampler) -> None:
    """Exchange what the processes have observed; all of them must call it. Does nothing for most samplers."""
    if isinstance(sampler, Scored) and sampler.world > 1:
        sampler.scores.exchange()


def _some(index: Tensor) -> str:
    return ", ".join(map(str, index[:_SHOWN].tolist())) + (", ..." if len(index) > _SHOWN else "")
