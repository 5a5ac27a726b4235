"""Optimizers by name."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import Optimizer

from sooner import registry
from sooner.optim._base import Wrapper


def make(name: str, model: nn.Module, **options: Any) -> Optimizer:
    """The base optimizer of that name over the trainable parameters of `model`, at its peak learning rates.

    Args:
        name: as in `sooner.registry.methods(seam="optim")`.
        model: whose parameters are optimized.
        options: the optimizer's own, the peak learning rate `lr` among them.

    Raises:
        KeyError: no optimizer has that name; the message lists those there are.
        TypeError: it has no such option, one that it needs is not given, or the name is of a wrapper.
        ValueError: a value is out of range, or the model has no trainable parameter.
        ImportError: it needs the extra `optim`.
    """
    if registry.get("optim", name).many:
        raise TypeError(f"{name} goes around an optimizer: sooner.optim.wrap('{name}', optimizer)")
    optimizer: Optimizer = registry.make("optim", name, {"model": model}, options)
    return optimizer


def wrap(name: str, optimizer: Optimizer, **options: Any) -> Wrapper:
    """The wrapper of that name around `optimizer`, itself an optimizer with the same groups and state.

    Of several, wrap with `perpgrad` first, then `lookahead`, then `sso`: by the `stage` of their records.

    Raises:
        KeyError: no wrapper has that name.
        TypeError: it has no such option, `optimizer` is none, or the name is of a base optimizer.
        ValueError: a value is out of range.
    """
    if not registry.get("optim", name).many:
        raise TypeError(f"{name} is no wrapper: sooner.optim.make('{name}', model, lr=...)")
    wrapper: Wrapper = registry.make("optim", name, {"optimizer": optimizer}, options)
    return wrapper
