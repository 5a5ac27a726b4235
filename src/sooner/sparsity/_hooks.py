"""Hooks before an optimizer's step, on it and on the optimizers that it wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Hooks:
    """Has `act` called once gradients are there and before they are used: before a step, or after its closure.

    Wrappers that make the backward pass themselves call the inner optimizer after it, so each optimizer of the chain
    gets a hook, and `act` may be called several times in a step. Hooks that another `Hooks` put there are removed.
    """

    def __init__(self, optimizers: list[torch.optim.Optimizer], act: Callable[[], None]) -> None:
        self._act = act
        # Accelerate's wrapper, for one, has no hooks of its own.
        able = [optimizer for optimizer in optimizers if hasattr(optimizer, "_optimizer_step_pre_hooks")]
        for optimizer in able:
            for hook in list(optimizer._optimizer_step_pre_hooks.values()):
                other = getattr(hook, "__self__", None)
                if isinstance(other, Hooks):
                    other.remove()
        self._handles = [optimizer.register_step_pre_hook(self._before_step) for optimizer in able]

    @property
    def attached(self) -> bool:
        """Whether they are in place."""
        return bool(self._handles)

    def remove(self) -> None:
        """Take them off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _before_step(
        self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        functions = [each for each in (*args, *kwargs.values()) if callable(each)]
        if not functions:
            self._act()
        elif len(functions) == 1:  # there are no gradients yet: the closure makes them
            closure, following = functions[0], self._following(functions[0])
            return (
                tuple(following if each is closure else each for each in args),
                {name: following if each is closure else each for name, each in kwargs.items()},
            )
        return None

    def _following(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        def evaluated() -> Any:
            loss = closure()
            self._act()
            return loss

        return evaluated
