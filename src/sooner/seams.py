"""The seams of a training loop: the places in a step where a method can act, one frozen record each.

All that differs from seam to seam is here: what a recipe calls it, how its methods go together and in which order they
act, what a lane that chooses by score is held against, and the lines of a plain loop that use it. A new seam is its
package, its record here, its field in `Recipe`, and the place in training where it acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Field:
    """A field of a recipe that chooses methods of a seam.

    Attributes:
        name: of the field.
        what: one of its methods is called, in messages.
        many: which methods it chooses from: those that may have others of the seam beside them (True), those that may
            not (False), or both (None).
        listed: it holds a list.
    """

    name: str
    what: str
    many: bool | None = None
    listed: bool = False


@dataclass(frozen=True)
class Use:
    """The lines that a method takes in a plain loop, by their place in it; see `sooner.cards.usage` for the loop.

    Attributes:
        name: that what was made gets; "" where nothing is kept.
        imports: lines, besides that of the method itself.
        shown: options of the record's example that are written out besides those without a default: the others are
            small for the sake of tests, and the method is as published without them.
        given: arguments that the user has to bring for the method to be itself, each to what it is.
        setup: lines after it was made, before the loop.
        rounds: lines at the start of a round.
        batches: what yields a round's batches.
        begin: lines at the start of a step.
        inputs: what the model is given, in place of `batch.inputs`.
        losses: the line that computes `losses`, one per example, in place of cross-entropy.
        observe: lines between the losses and the backward pass.
        weight: of the losses, in place of `batch.weight`.
        backward: lines in place of the losses and the backward pass.
        update: lines in place of `optimizer.step()`.
        end: lines after the optimizer's step.
        done: lines after the loop.
    """

    name: str = ""
    imports: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    setup: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    batches: str = "loader"
    begin: tuple[str, ...] = ()
    inputs: str = ""
    losses: str = ""
    observe: tuple[str, ...] = ()
    weight: str = "batch.weight"
    backward: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seam:
    """One place in a training step where methods act.

    Attributes:
        name: of the seam, and of its package below `sooner`.
        question: that its methods answer.
        fields: of a recipe, that choose its methods.
        use: of a method in a plain loop, where its record has none of its own.
        alone: why a run has one of its methods, or one beside those whose record says `many`; "" where all do.
        nested: a method that may have others beside it goes around the one that may not.
        repeats: why a method may be chosen twice; "" where it may not.
        after: seams that act earlier on the same thing, and why.
        control: the first part of the name of the lane that picks as much at random, "random" of "random@mine".
        controlled: what that lane is, to go on after "a race adds".
    """

    name: str
    question: str
    fields: tuple[Field, ...]
    use: Use
    alone: str = ""
    nested: bool = False
    repeats: str = ""
    after: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    control: str = ""
    controlled: str = ""

    @property
    def package(self) -> str:
        """Whose import registers its methods."""
        return f"sooner.{self.name}"

    def field_of(self, many: bool) -> Field:
        """The field that chooses a method whose record says `many`."""
        return next(each for each in self.fields if each.many in (None, many))


# In the order in which recipes list their fields.
SEAMS = (
    Seam(
        name="sampling",
        question="which examples come next, in what order",
        fields=(Field("sampling", "sampling method"),),
        use=Use(
            name="sampler",
            imports=("from sooner.integrations import guard",),
            setup=("loader = guard(DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate))",),
            weight="sampler.weight(batch.index)",
        ),
        alone="each would decide by itself which examples come next",
        control="random",
        controlled="as much data at random",
    ),
    Seam(
        name="augmentation",
        question="what an example looks like now",
        fields=(Field("augmentation", "augmentation", listed=True),),
        use=Use(
            name="augment",
            imports=("import torch",),
            setup=("generator = torch.Generator().manual_seed(0)",),
            inputs="augment(batch.inputs, progress, generator)  # (B, C, H, W) float",
        ),
        repeats="each changes what the other left",
        after=MappingProxyType({"sampling": "examples are drawn first and then changed"}),
    ),
    Seam(
        name="losses",
        question="what a step minimises",
        fields=(Field("loss", "loss"),),
        use=Use(name="loss", losses="losses = loss({outputs}, batch.targets, batch.index)"),
        alone="a step minimises one loss",
        after=MappingProxyType({"augmentation": "the loss is that of the changed examples"}),
    ),
    Seam(
        name="optim",
        question="how a step moves",
        fields=(
            Field("optimizer", "optimizer", many=False),
            Field("wrappers", "optimizer wrapper", many=True, listed=True),
        ),
        use=Use(name="optimizer"),
        alone="a parameter is moved by one optimizer; wrappers go around it",
        nested=True,
        after=MappingProxyType(
            {
                "structure": "the optimizer is made for the model that is left, and carried along in later cuts",
                "batching": "the gradients are seen before a wrapper changes them",
                "sparsity": "gradients are masked before the optimizer's step, weights after it",
            }
        ),
    ),
    Seam(
        name="batching",
        question="how many examples a step takes, and the learning rate that goes with it",
        fields=(Field("batching", "batching method", listed=True),),
        use=Use(
            name="batching",
            shown=("warmup",),
            imports=("from sooner.optim import set_lr",),
            begin=("set_lr(optimizer, batching.lr_scale)  # times the schedule's factor, if you have one",),
            end=("batching.step(progress)",),
        ),
        alone="each would set the size of a step and the learning rate that goes with it",
        after=MappingProxyType(
            {
                "structure": "channels that go at the start are gone before norm layers are replaced",
                "sampling": "the sampler's batches are drawn first and then joined",
            }
        ),
    ),
    Seam(
        name="sparsity",
        question="which weights are alive",
        fields=(Field("sparsity", "sparsity method"),),
        use=Use(name="sparsity", end=("sparsity.step(progress)",)),
        alone="each would decide by itself which weights are alive",
        after=MappingProxyType(
            {
                "structure": "channels go before the masks are made",
                "batching": "the gradients are seen before the step, those of live weights alone",
            }
        ),
        control="random-mask",
        controlled="as many weights at random, in layers by ERK",
    ),
    Seam(
        name="structure",
        question="which channels exist",
        fields=(Field("structure", "structure method", listed=True),),
        use=Use(name="pruning", end=("pruning.step(progress)",)),
    ),
    Seam(
        name="averaging",
        question="which of the weights that training passes through are kept",
        fields=(Field("averaging", "averaging method"),),
        use=Use(
            name="average",
            end=("average.step(progress)",),
            done=("with average.applied():", "    evaluate(model)  # or save it: inside, it has the mean's weights"),
        ),
        alone="one set of weights is evaluated",
        after=MappingProxyType(
            {
                "structure": "channels go before the first weights are averaged",
                "sparsity": "weights are averaged once the dead ones are masked",
                "optim": "weights are averaged after the step",
            }
        ),
    ),
)

_BY_NAME = {seam.name: seam for seam in SEAMS}


def seam(name: str) -> Seam:
    """The seam of that name. Raises KeyError naming those there are."""
    if name not in _BY_NAME:
        raise KeyError(f"there is no seam '{name}'; there are: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
