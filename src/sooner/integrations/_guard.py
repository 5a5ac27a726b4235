"""A guarded loader: what it yields is what the sampler handed out, and its state is where training is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sooner.integrations._seeds import Seeds
from sooner.integrations._watch import SamplerReplaced, Watch, sampler_of
from sooner.integrations._weights import weighed
from sooner.sampling import Sampler

_MEND = (
    "Give the loader the sampler as batch_sampler=, and let no framework prepare or wrap the loader but through "
    "sooner.integrations; with several processes call sampler.shard(rank, world) in each."
)
_MENDS = {
    "accelerate": "accelerator.prepare divides batches among the processes itself, and neither even_batches, "
    "split_batches nor dispatch_batches in DataLoaderConfiguration leaves them as they are: prepare the loader with "
    "sooner.integrations.accelerate.prepare(accelerator, loader), and the rest with accelerator.prepare.",
}


class Guarded:
    """A loader whose batches are checked to be those that its sampler handed out. See `guard`.

    It has no length: rounds may differ in it, and a loader that looks ahead may be in the next one.
    """

    def __init__(self, loader: Iterable[Any], sampler: Sampler) -> None:
        self.loader = loader
        self.sampler = sampler
        self._seeds = Seeds(loader, sampler)
        self._watch = Watch(sampler, _MENDS.get(type(loader).__module__.partition(".")[0], _MEND))

    def __iter__(self) -> Iterator[Any]:
        """The rest of the sampler's round. Left early, it goes on in the next iteration after the last batch used."""
        if self.sampler._undivided:
            raise SamplerReplaced(f"{self.sampler._undivided}. {self._watch._mend}")
        epoch = self.sampler.epoch
        self._watch.begin()
        self._seeds.begin()
        try:
            for batch in self.loader:
                self._watch.check(batch)
                if self._watch.used == 0:
                    self._same_round(epoch)
                self._watch.used = (self._watch.used or 0) + 1
                yield weighed(batch, self.sampler)
            self._watch.complete()
        finally:
            self._watch.end()

    def _same_round(self, epoch: int) -> None:
        began = Sampler.state_dict(self.sampler, 0)["epoch"]
        if began not in (epoch, epoch + 1):
            raise SamplerReplaced(
                f"the sampler was in round {epoch}, but the loader has sent it to round {began}, as if training had "
                f"just begun. {self._watch._mend}"
            )

    def state_dict(self) -> dict[str, Any]:
        """The sampler's state after the batches that training was given, whatever was fetched beyond them."""
        return self._watch.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict` of this loader or its sampler; the next iteration starts there.

        Raises ValueError if the state is of another sampler, or an iteration is in progress.
        """
        if self._watch.used is not None:
            raise ValueError("an iteration over this loader is in progress; leave it before loading a state")
        self.sampler.load_state_dict(state)


def guard(loader: Iterable[Any], sampler: Sampler | None = None) -> Guarded:
    """Check that what `loader` yields is what `sampler` handed out, and know how much of it training has used.

        loader = guard(DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate))
        for batch in loader:
            ...
            torch.save(loader.state_dict(), path)  # exact, with any number of workers

    The first 8 batches of each iteration are compared with the sampler's order, some 20 microseconds each. A batch
    has its index as an attribute or a key `index`. The `weight` of a `sooner.Batch` is multiplied by the sampler's.

    A `DataLoader` that was made without a generator gets one of its own, so that beginning an iteration draws nothing
    from the global random state. Save that state too (`torch.get_rng_state()`), and dropout goes on as it would have.

    Args:
        loader: yields the batches.
        sampler: what the loader was made with; needed only where `loader` is no plain `DataLoader`.

    Raises:
        TypeError: `loader` has no sampler of sooner, and none is given.
        SamplerReplaced: while iterating, where other batches arrive.
        RuntimeError: at the end of a second round in which a sampler that chooses by losses was told of none, where it
            has no scores from before.
    """
    return Guarded(loader, sampler_of(loader) if sampler is None else sampler)
