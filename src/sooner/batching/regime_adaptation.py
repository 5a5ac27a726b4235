"""Regime adaptation: a large batch trained for as many updates as a small one."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sooner.batching.scaling import SqrtScaling
from sooner.registry import Method, register
from sooner.seams import Use

if TYPE_CHECKING:  # the methods do without the race's packages
    from sooner.budget import Budget


class RegimeAdaptation(SqrtScaling):
    """The learning rate times sqrt(batch_size / reference), and the budget times batch_size / reference.

    The budget in epochs or examples is stretched so that the number of updates, and each phase of a schedule in
    updates, stay those of the reference. A budget in updates is as it was. It shows that large batches generalise when
    given the updates, not that they are quicker: k times the batch costs k times the examples.

    Source: Hoffer, Hubara and Soudry, Train longer, generalize better: closing the generalization gap in large batch
    training of neural networks, 2017, section 5. The published code rounds the ratio up to a whole number, has 256
    examples as the reference in one script and the size of a ghost batch in the other, and clips the gradient's norm
    at 5 in all runs, those with a small batch too. Here nothing is clipped, and recipes have no clipping; in your own
    loop call `torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)` before the optimizer's step.

    Args:
        batch_size, reference, warmup: see `LinearScaling`. The paper has no warm-up.
    """

    def budget(self, budget: Budget) -> Budget:
        """Stretched, unless it counts updates. Raises ValueError for seconds: they hold no fixed number of updates."""
        if budget.unit == "ba":
            return budget
        if budget.unit == "s":
            raise ValueError(
                f"regime adaptation keeps the number of updates, and a budget of {budget} does not have a fixed one: "
                "give it in epochs (ep), examples (ex) or steps (ba)"
            )
        return budget.scaled(self.batch_size / self.reference)


register(
    Method(
        name="regime-adaptation",
        seam="batching",
        make=RegimeAdaptation,
        title="Regime adaptation",
        paper="Hoffer et al., Train longer, generalize better: closing the generalization gap in large batch training",
        year=2017,
        changes="A larger batch trains for as many updates as the small one, at a rate scaled by the square root.",
        costs="As many times the examples as the batch is larger.",
        helps="When a large batch costs hardly more time than a small one, and must generalise as well.",
        hurts="Where time grows with the number of examples: it spends the gain of the large batch many times over.",
        example=MappingProxyType({"reference": 16}),
        use=Use(
            name="batching",
            imports=("from sooner.budget import Budget", "from sooner.optim import set_lr"),
            setup=("epochs = round(batching.budget(Budget(epochs, 'ep')).amount)  # as many updates as small batches",),
            begin=("set_lr(optimizer, batching.lr_scale)  # times the schedule's factor, if you have one",),
            end=("batching.step(progress)",),
        ),
    )
)
