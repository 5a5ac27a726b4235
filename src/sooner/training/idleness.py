"""Whether a run makes steps at all: a sampler that screens may leave nothing to train on."""

from __future__ import annotations

from typing import Any

_PATIENCE = 2  # times the training set


class IdleWatch:
    """Counts the examples that go by without a step, and says when there is no point in going on.

    A budget in steps ends by steps alone, so once nothing has been trained on in two times the training set the run
    has failed: the model has not changed, and what is screened out stays so. Other budgets end in any case, and a
    method may have a last phase that trains on everything; there a run has failed that ends without a single step.

    Args:
        n: size of the training set.
        sampler: the method's name, for the words.
        by_steps: the budget counts steps.

    Attributes:
        failure: what happened, None as long as all is well.
    """

    def __init__(self, n: int, sampler: str, *, by_steps: bool) -> None:
        self.failure: str | None = None
        self._limit = _PATIENCE * n
        self._sampler = sampler
        self._by_steps = by_steps
        self._idle = 0  # examples since the last step

    def add(self, drawn: int, trained: int) -> None:
        """Take note of a batch: how many examples were handed out, and how many of them trained on."""
        self._idle = 0 if trained else self._idle + drawn
        if self._by_steps and self._idle >= self._limit:
            self.failure = (
                f"nothing was trained on in the last {self._idle} examples: {self._sampler} screened out all of them, "
                "and a budget in steps would never end; make it screen out less, or give the budget in epochs"
            )

    def end(self, step: int) -> None:
        """The budget is spent, after so many steps."""
        if step == 0 and self._idle:
            self.failure = (
                f"nothing was trained on: {self._sampler} screened out all of the {self._idle} examples of the run; "
                "make it screen out less"
            )

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"failure": self.failure, "idle": self._idle}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()`."""
        self.failure, self._idle = state["failure"], state["idle"]
