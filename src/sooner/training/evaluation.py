"""The metric of a run at one moment, and what stops a run between two of them."""

from __future__ import annotations

from dataclasses import dataclass

# Measuring and saving serve the race, not the training. All other phases of the clock count.
OFF_THE_CLOCK = frozenset({"evaluate", "checkpoint"})


@dataclass(frozen=True)
class Evaluation:
    """The metric at one moment of a run, `seconds` on the clock.

    Of these `scoring` went into passing `scored` examples forward before they were trained on, and `besides` into
    what is neither steps nor scoring: set-up, and the sampler's work where a round begins. The rest are steps. `kind`
    says what these were like since the look before (the size of the inputs, the batches joined, the model's version):
    stretches of one kind have one pace.
    """

    seconds: float
    step: int
    examples: int
    metric: float
    besides: float = 0.0
    scoring: float = 0.0
    scored: int = 0
    kind: str = ""


class Stopped(Exception):
    """Training was asked to stop before its budget was spent; its state is whole and can be saved."""
