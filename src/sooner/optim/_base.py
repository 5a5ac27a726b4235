"""The optim protocol: how a step moves.

A base optimizer's `make` is a function `(model, *, lr, weight_decay, ...)` that returns a `torch.optim.Optimizer` over
the model's trainable parameters, at its peak learning rates. A wrapper (`many=True`) is a `Wrapper`: it takes an
optimizer and is one. What passes a batch through the model several times in a step is `SeveralPasses` as well.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from sooner._arguments import arguments

_SHARED_HOOKS = (
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


class SeveralPasses(ABC):
    """What an optimizer also has where its step passes a batch through the model several times.

    The training loop makes no backward pass then, and calls `step(forward, loss, backward)`. It takes its batch whole,
    in one process.
    """

    @property
    @abstractmethod
    def passes(self) -> int | None:
        """Passes forward and backward of a step; None where that is not known before."""

    @abstractmethod
    def step(
        self, forward: Callable[[], Tensor], loss: Callable[[Tensor], Tensor], backward: Callable[..., Any]
    ) -> Any:
        """One step.

        Args:
            forward: gives the outputs (B, ...) of the batch with their graph, built again at each call.
            loss: gives the scalar loss of such outputs.
            backward: fills the gradients from a scalar, such as `fabric.backward`.
        """


class Wrapper(Optimizer):
    """An optimizer around another one, whose groups and state are the inner one's own objects.

    Code that reads or changes `param_groups` and `state` in place (schedulers, sparsity, surgery) meets the base
    optimizer's. What a wrapper has to remember it keeps there too: tensors of a parameter's shape in
    `state[parameter]`, numbers in the groups. So `state_dict()` is the base's, in torch's format, and surgery carries
    it along.

    Hooks on `step` are the wrapper's own and run before and after all of its step; those on state dicts are the inner
    one's.

    The inner one moves once for the gradients that are there, so what evaluates them again in its step, LBFGS, is
    refused. Wrappers of one class may be around each other; each remembers by names of its own, see `_own`.

    Attributes:
        optimizer: the inner one.
        base: the innermost, which is no wrapper.
        outermost: no wrapper can go around it.
    """

    optimizer: Optimizer
    outermost = False

    def __init__(self, optimizer: Optimizer) -> None:
        # Not Optimizer.__init__, which would make groups and a state of its own; __setstate__ makes all the rest.
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} needs an optimizer to wrap, not {type(optimizer).__name__}")
        if isinstance(optimizer, Wrapper) and optimizer.outermost:
            inner = type(optimizer).__name__
            raise TypeError(f"{inner} must be the outermost: wrap its optimizer in {type(self).__name__}, then that")
        closure = inspect.signature(optimizer.step).parameters.get("closure")
        if not isinstance(optimizer, Wrapper) and closure is not None and closure.default is inspect.Parameter.empty:
            raise TypeError(
                f"{type(optimizer).__name__} evaluates gradients again within its step, by a closure, and "
                f"{type(self).__name__} goes around optimizers that step on the gradients that are there: train with "
                f"{type(optimizer).__name__} alone, or take another"
            )
        self.__setstate__({"optimizer": optimizer})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__.update({hooks: getattr(self.optimizer, hooks) for hooks in _SHARED_HOOKS})
        super().__setstate__({})

    def __getstate__(self) -> dict[str, Any]:
        # Hooks are left out as torch leaves them out, and `step`, which a scheduler may have patched.
        return arguments(self)

    @property
    def base(self) -> Optimizer:
        return self.optimizer.base if isinstance(self.optimizer, Wrapper) else self.optimizer

    def _own(self, name: str) -> str:
        """`name` in the groups or in `state`, told apart from that of each wrapper of this class further inside."""
        inside, inner = 0, self.optimizer
        while isinstance(inner, Wrapper):
            inside, inner = inside + (type(inner) is type(self)), inner.optimizer
        return f"{name}_{inside + 1}" if inside else name

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[dict[str, Any]]) -> None:
        self.optimizer.param_groups = groups

    @property
    def state(self) -> Any:
        return self.optimizer.state

    @state.setter
    def state(self, state: Any) -> None:
        self.optimizer.state = state

    @property
    def defaults(self) -> dict[str, Any]:  # type: ignore[override]  # torch has an attribute
        return self.optimizer.defaults

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step. Returns what `closure` does, which is called first if given."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """As of every optimizer."""
        self.optimizer.zero_grad(set_to_none=set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As of every optimizer."""
        self.optimizer.add_param_group(param_group)

    def state_dict(self) -> dict[str, Any]:
        """The base optimizer's, what the wrappers remember included."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue exactly from the `state_dict()` of the same optimizers wrapped in the same way."""
        self.optimizer.load_state_dict(state_dict)

    def __repr__(self) -> str:
        inner = repr(self.optimizer) if isinstance(self.optimizer, Wrapper) else "optimizer"
        parameters = inspect.signature(type(self)).parameters
        given = {name: value for name, value in arguments(self).items() if name != "optimizer"}
        shown = [f"{name}={value!r}" for name, value in given.items() if value != parameters[name].default]
        return f"{type(self).__name__}({', '.join([inner, *shown])})"
