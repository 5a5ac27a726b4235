"""The batching protocol: how many examples the next step takes, and the learning rate that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from torch import Tensor

from sooner._arguments import Plain, arguments, plain, shown, whole_number

if TYPE_CHECKING:  # the methods do without the race's packages
    from sooner.budget import Budget


def grows(make: object) -> bool:
    """Whether steps change in size with what `make` makes: it has a `batches` of its own."""
    return isinstance(make, type) and issubclass(make, Batching) and make.batches is not Batching.batches


class Batching:
    """Steps of `batch_size` examples at the learning rate as it is: what the methods change.

    The sampler's batches stay as they are, and a step of k * batch_size examples joins the next k of them (`joined`),
    so the order of the examples and resuming stay exact whatever the method decides. Sizes come from a short fixed
    ladder, so that compiled code meets few shapes. A training loop

    1. takes `batches` of the sampler's batches together, fewer at the end of a round;
    2. sets the learning rate to `lr_scale` times what the schedule says;
    3. where `parts` is not 0, splits the step into that many micro-batches, or fewer where a layer could not do with
       so few examples, and calls `observe` for each;
    4. calls `step` after the optimizer's step.

    A subclass keeps each argument of its constructor as an attribute of the same name: `repr`, `==` and the state's
    check read them there.

    Args:
        batch_size: examples in each of the sampler's batches, over all ranks together, at least 1.
    """

    def __init__(self, batch_size: int) -> None:
        self.batch_size = whole_number("batch_size", batch_size, least=1)

    @property
    def batches(self) -> int:
        """How many of the sampler's batches the next step takes together, at least 1; the same on all ranks."""
        return 1

    @property
    def size(self) -> int:
        """Examples of the next step, over all ranks."""
        return self.batches * self.batch_size

    @property
    def lr_scale(self) -> float:
        """The factor of the learning rate that goes with the next step, above 0."""
        return 1.0

    def lr_scale_of(self, batches: int) -> float:
        """The same for a step of so many batches, fewer than were asked for at the end of a round."""
        return self.lr_scale

    @property
    def parts(self) -> int:
        """How many micro-batches of the next step, on each rank, it wants to see the gradients of; 0 for none."""
        return 0

    def observe(self, gradient: Tensor, examples: int) -> None:
        """Take note of a micro-batch: `gradient` (d,), detached, of the mean loss of its `examples`.

        Each rank gives its own. Does nothing where the gradients of the step were not asked for.
        """

    def step(self, progress: float) -> None:
        """Decide about the next step. `progress` in [0, 1] is the share of the budget spent, this step included.

        Called on every rank, after each of the optimizer's steps.
        """

    def budget(self, budget: Budget) -> Budget:
        """The budget as the method stretches it."""
        return budget

    def state_dict(self) -> dict[str, Any]:
        """Everything that an exact continuation between two steps needs, as plain data."""
        return {"batching": dict(self._identity), **self._progressed()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict` of one with the same arguments. Raises ValueError where they differ."""
        saved = state.get("batching")
        if not isinstance(saved, Mapping) or not set(self._progressed()) <= set(state):
            expected = ", ".join(["batching", *self._progressed()])
            raise ValueError(f"the state of {type(self).__name__} has {expected}; this one has {sorted(state)}")
        differing = [name for name in {**saved, **self._identity} if saved.get(name) != self._identity.get(name)]
        if differing:
            raise ValueError(
                "the state belongs to another batching: "
                + ", ".join(
                    f"{key} is {saved.get(key)!r} there and {self._identity.get(key)!r} here" for key in differing
                )
                + "; make it with the arguments of the run that saved it"
            )
        self._go_on(state)

    def _progressed(self) -> dict[str, Any]:
        """What changes while training goes on."""
        return {}

    def _go_on(self, state: Mapping[str, Any]) -> None:
        """Take over what `_progressed` gave."""

    def __repr__(self) -> str:
        return shown(self)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same arguments; how far they are may differ."""
        if not isinstance(other, Batching):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash((type(self), self.batch_size))

    @cached_property
    def _identity(self) -> dict[str, Plain]:
        return {"class": type(self).__name__, **{name: plain(value) for name, value in arguments(self).items()}}
