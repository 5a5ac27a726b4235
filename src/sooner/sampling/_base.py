"""The sampling protocol: which examples come next, as a pure function of (seed, epoch, position, score version)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from sooner._arguments import Plain, arguments, flag, plain, shown, whole_number
from sooner._words import number_of
from sooner.sampling._ahead import asked_while_fetching
from sooner.sampling._orders import Order as Order
from sooner.sampling._orders import ReadAhead
from sooner.sampling._screening import Screening


@runtime_checkable
class ObservesGradients(Protocol):
    """What a sampler also has where its order follows from gradients: the training loop passes them to it."""

    def observe_gradient(self, index: Tensor, gradient: Tensor) -> None:
        """Take note of a batch's gradients, once for each batch and in their order, before or after the step.

        Args:
            index: (B,) int64, of the batch of all ranks.
            gradient: (B, d), of each example's loss by all trainable parameters, flattened; or (d,), of the mean loss.
        """


class Sampler(ABC):
    """A batch sampler whose whole state is (epoch, position): a few integers.

    Iterating yields (B,) int64 index tensors: the rest of the current round. At its end `epoch` moves on by one and
    `position` returns to 0, so `for batch in sampler` once per round walks through the rounds. A round is what the
    method calls an epoch: all n examples for reshuffling, a part of them for RS2. Abandoning an iteration half way
    and starting another goes on where the first one stopped; `set_epoch` goes elsewhere.

    Pass it as `batch_sampler=` of a `DataLoader`. A loader with workers asks for batches before they are used, so
    `position` then runs ahead of training, and a loop that is left half way and started again would go on behind
    batches that it never got. Wrap the loader in `sooner.integrations.guard`, which knows what was used; or see
    `state_dict` for exact resuming.

    `len(sampler)` is the number of batches of round `epoch` from its first to its last, wherever `position` is; it is
    the same on all ranks. Rounds of a method may differ in length, and a loader that looks ahead may have asked for
    all of a round, so that `epoch` is the next one, while training is still in it.

    A subclass keeps each argument of its constructor as an attribute of the same name: `repr`, `==` and the state's
    check read them there.

    Args:
        n: number of examples in the training set, at least 1.
        batch_size: examples per step, over all ranks together, at least 1.
        seed: any integer; two samplers with the same arguments yield the same batches.
        drop_last: leave out the last batch of a round where it would have fewer than `batch_size` examples.

    Attributes:
        progress: share of the run that is spent, in [0, 1]. The training loop sets it before each round; methods whose
            rounds depend on it read it once, when a round begins. Most ignore it.
    """

    def __init__(self, n: int, batch_size: int, *, seed: int = 0, drop_last: bool = False) -> None:
        self.n = whole_number("n, the number of training examples,", n, least=1)
        self.batch_size = whole_number("batch_size", batch_size, least=1)
        self.seed = whole_number("seed", seed)
        self.drop_last = flag("drop_last", drop_last)
        self.progress = 0.0
        self.epoch = 0
        self.position = 0  # in the round's order, of the next example to hand out, counted over all ranks
        self.rank = 0
        self.world = 1
        self._divided = False  # whether `shard` has said which part of each batch is this process's
        self._began: tuple[int, int] | None = None  # (epoch, position) where the latest iteration started
        self._handed_out = False  # whether any batch of the round was, since set_epoch or load_state_dict
        self._order: tuple[int, Order] | None = None  # the order made last, and its epoch

    @abstractmethod
    def order(self, epoch: int) -> Order:
        """The order of round `epoch`, before it is cut into batches and shared among ranks."""

    def observe(self, index: Tensor, loss: Tensor) -> None:  # noqa: B027  an optional part of the protocol
        """Take note of examples' losses: `index` (B,) int64, `loss` (B,) float, detached. Most samplers need none."""

    @property
    def _told(self) -> int | None:
        """How often it was told what it chooses by; None where it need not be, in the present round."""
        return None

    @property
    def _knows(self) -> bool:
        """Whether it has something to choose by though it was told nothing of late."""
        return False

    def weight(self, index: Tensor) -> Tensor:
        """(B,) float32: the factor of each example's loss that keeps the expected gradient what the method intends."""
        return torch.ones(index.shape, device=index.device)

    @property
    def lr_scale(self) -> float:
        """The factor of the learning rate that the method asks for in the present round; 1 for all but a few.

        In a plain loop multiply the rate by it; the integrations do that themselves.
        """
        return 1.0

    def __len__(self) -> int:
        return self._count(self._total(self.epoch))

    def __iter__(self) -> Iterator[Tensor]:
        if self._undivided:
            rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
            raise RuntimeError(
                f"{self._undivided}: call sampler.shard({rank}, {world}) in this one, of rank {rank}, and alike in the "
                "others, or leave it to the adapter of sooner.integrations for this loop. Where each process is to "
                "train on all of it, say so with sampler.shard(0, 1)"
            )
        # A loop that counts its steps leaves the round after its last batch without asking for the end of it.
        if self._handed_out and self.position >= self._total(self.epoch):
            self._go(self.epoch + 1, 0)
        self._began = (self.epoch, self.position)
        return self._batches()

    def _batches(self) -> Iterator[Tensor]:
        epoch, position = self._began = (self.epoch, self.position)
        total, order = self._total(epoch), ReadAhead(self._order_of(epoch))
        if 0 < total - position < self.world:
            raise ValueError(
                f"round {epoch} has {number_of(total - position, 'example')} left for {self.world} ranks: the "
                f"state was saved with fewer; resume with at most {total - position}, or go on with "
                f"set_epoch({epoch + 1})"
            )
        while position < total:
            start, position = position, position + self.batch_size
            if total - position < self._fewest:
                position = total
            # Moved on before the batch is handed out, so that a state taken while it is in use counts it.
            self.position, self._handed_out = position, True
            yield order[start:position][self.rank :: self.world].clone()
            if (self.epoch, self.position) != (epoch, position):
                raise RuntimeError(
                    f"this iteration of round {epoch} was overtaken: the sampler is now at round {self.epoch}, "
                    f"example {self.position}. Another iteration, set_epoch or load_state_dict moved it; "
                    "give each loader its own sampler, and start a new iteration after moving one"
                )
        self._go(epoch + 1, 0)

    @property
    def _undivided(self) -> str | None:
        """What is wrong where there are several processes and `shard` was never called, the start of a message."""
        distributed = torch.distributed
        if self._divided or not distributed.is_available() or not distributed.is_initialized():
            return None
        world = distributed.get_world_size()
        if world == 1:
            return None
        return f"torch.distributed has {world} processes, and this sampler would hand each of them all of every batch"

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of round `epoch`, at least 0; in that round already, stay at `position`.

        So a loop that calls it before every round keeps its place when it resumes in the middle of one. To run the
        current round again, set `position = 0`.
        """
        epoch = whole_number("epoch", epoch, least=0)
        if epoch != self.epoch:
            self._go(epoch, 0)
            self._began = None

    def shard(self, rank: int, world: int) -> Self:
        """Hand out only the part of process `rank` among `world`, from now on; changes this sampler and returns it.

        The batches stay the global ones: this rank gets `batch[rank::world]` of each. So all ranks have the same
        number of batches, their parts are disjoint and together the batch of one process, and their sizes differ by
        one at most: average a loss over the whole batch, not rank by rank. A round's last batch with fewer than two
        examples per rank joins the batch before it. The state does not depend on the rank or on `world`: saved with
        four, it may be loaded with two.

        Where torch.distributed has several processes, a sampler that was not told is refused when it is iterated over:
        all of them would train on the same. `shard(0, 1)` says that each is to have whole batches, for a model of its
        own or replicas of a part; a sampler that observes losses then exchanges nothing.

        Raises:
            ValueError: not 0 <= rank < world, or a batch or round has fewer than `world` examples.
        """
        world = whole_number("world, the number of ranks,", world, least=1)
        rank = whole_number("rank", rank, least=0)
        if rank >= world:
            raise ValueError(f"rank must be from 0 to {world - 1} among {world} ranks, not {rank}")
        if world > self.batch_size:
            raise ValueError(
                f"batch_size {self.batch_size}, which is that of all ranks together, leaves some of {world} ranks "
                "without an example; give at least one example per rank"
            )
        self.rank, self.world, self._divided = rank, world, True
        return self

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """The place in the order, and what the order is made from: {"epoch", "position", "sampler"}, plain values.

        By itself it is the place after the batches handed out: exact in a loop over the sampler, in a `DataLoader`
        without workers, and in torchdata's `StatefulDataLoader`, which takes it along in its own state. That one, with
        workers, takes the state when it fetches a batch, so a sampler that learns from training is refused there.

        A `DataLoader` with workers, and any loader that looks ahead, takes batches before training uses them. Say
        then how many batches training has used since the current `for` over the loader began, at the start of the
        round or where the run was resumed:

            for used, batch in enumerate(loader, start=1):
                ...
                state = sampler.state_dict(consumed=used)

        Between two rounds, once the `for` has ended, leave it out.

        Raises:
            ValueError: `consumed` is more than the iteration's batches.
            RuntimeError: a `StatefulDataLoader` with workers asks, and the sampler observes losses or gradients.
        """
        if consumed is None and self._learns and asked_while_fetching():
            raise RuntimeError(
                f"{type(self).__name__} cannot be resumed from the state of a StatefulDataLoader with workers, which "
                "takes the sampler's when it fetches a batch: what is observed from there until it is saved would be "
                "lost. Use loader = sooner.integrations.guard(DataLoader(...)) and its state_dict(), exact with any "
                "number of workers, or num_workers=0"
            )
        epoch, position = self.epoch, self.position
        if consumed is not None:
            consumed = whole_number("consumed", consumed, least=0)
            epoch, position = self._began or (epoch, position)
            total = self._total(epoch)
            batches = self._count(total - position)
            if consumed > batches:
                raise ValueError(
                    f"consumed={consumed}, but the iteration that began last has {number_of(batches, 'batch')}"
                )
            position = total if consumed == batches else position + consumed * self.batch_size
        return {"epoch": epoch, "position": position, "sampler": dict(self._identity)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to the place of a `state_dict` of a sampler with the same arguments, on any rank of any number.

        The next iteration hands out the rest of that round, which is nothing where the state was saved after its
        last batch; the one after it starts the next round.

        Raises:
            ValueError: the state is not a sampler's, or of one with other arguments.
        """
        saved, mine = state.get("sampler"), self._identity
        if not isinstance(saved, Mapping) or not {"epoch", "position"} <= set(state):
            raise ValueError(f"the state of a sampler has epoch, position and sampler; this one has {sorted(state)}")
        differing = [name for name in {**saved, **mine} if saved.get(name) != mine.get(name)]
        if differing:
            raise ValueError(
                "the state belongs to another order: "
                + ", ".join(f"{name} is {saved.get(name)!r} there and {mine.get(name)!r} here" for name in differing)
                + "; make the sampler with the arguments of the run that saved it"
            )
        epoch = whole_number("epoch of the state", state["epoch"], least=0)
        position = whole_number("position of the state", state["position"], least=0)
        if position > self._total(epoch):
            raise ValueError(
                f"position {position} of the state is beyond round {epoch}, of "
                f"{number_of(self._total(epoch), 'example')}"
            )
        self._go(epoch, position)
        self._began = None

    def __repr__(self) -> str:
        return shown(self) + (f".shard({self.rank}, {self.world})" if self.world > 1 else "")

    def __eq__(self, other: object) -> bool:
        """Whether both yield the same batches from one place on; the places they are at may differ."""
        if not isinstance(other, Sampler):
            return NotImplemented
        return (self._identity, self.rank, self.world) == (other._identity, other.rank, other.world)

    def __hash__(self) -> int:
        return hash((type(self), self.n, self.batch_size, self.seed))

    @cached_property
    def _identity(self) -> dict[str, Plain]:
        """What the order is a function of, apart from the place."""
        return {"class": type(self).__name__, **{name: plain(value) for name, value in arguments(self).items()}}

    @property
    def _learns(self) -> bool:
        """Whether what training tells it changes its state."""
        return type(self).observe is not Sampler.observe or isinstance(self, ObservesGradients | Screening)

    def _order_of(self, epoch: int) -> Order:
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, self.order(epoch)
        return self._order[1]

    def _total(self, epoch: int) -> int:
        """The examples that round `epoch` hands out, over all ranks."""
        return self._usable(len(self._order_of(epoch)), f"round {epoch}")

    def _usable(self, size: int, what: str) -> int:
        """How many of a round's `size` examples are handed out; an error about `what` where no batch is."""
        total = size - size % self.batch_size if self.drop_last else size
        if total < self.world:
            needed = f"a full batch of {self.batch_size}" if self.drop_last else f"{self.world} ranks"
            raise ValueError(f"{what} has {number_of(size, 'example')}, too few for {needed}")
        return total

    @property
    def _fewest(self) -> int:
        """The examples that a round's last batch needs to stand alone: two per rank, as batch norm needs two."""
        return min(2 * self.world, self.batch_size)

    def _count(self, examples: int) -> int:
        """The batches in the round's last `examples`: those too few to stand alone join the batch before."""
        full, rest = divmod(examples, self.batch_size)
        return full + (rest >= self._fewest or (rest > 0 and full == 0))

    def _go(self, epoch: int, position: int) -> None:
        self.epoch, self.position, self._handed_out = epoch, position, False
