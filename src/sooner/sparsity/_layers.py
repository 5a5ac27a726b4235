"""Which weights can be masked, and the optimizers that hold something about them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import torch
from torch import Tensor, nn

Convolution = nn.modules.conv._ConvNd  # of every dimension, transposed ones too
_INNER = ("optimizer", "base_optimizer", "_optimizer")  # where wrappers keep the optimizer that they wrap
_NO_AVERAGES = {"step_size"}  # of Rprop: a weight with step size 0 hardly moves again


def maskable(model: nn.Module, exclude: tuple[str, ...]) -> dict[str, nn.Module]:
    """The linear and convolutional layers with a weight that is trained, by name; of layers that share it, the first.

    Args:
        exclude: names of layers, or of modules around them, that are left out. Where layers share a weight, any of
            their names leaves it out.

    Raises:
        TypeError: `exclude` is not a sequence of names.
        ValueError: no layer has an excluded name, none is left, or a layer's weight is computed or not yet made.
    """
    given: object = exclude  # YAML may have made it a list, or one string
    if not isinstance(given, tuple | list) or not all(isinstance(entry, str) for entry in given):
        raise TypeError(f"exclude must be a tuple of the names of layers, not {exclude!r}")
    every: dict[str, nn.Module] = {
        name: module
        for name, module in model.named_modules(remove_duplicate=False)
        if isinstance(module, nn.Linear | Convolution)
    }
    skipped: set[str] = set()
    for entry in exclude:
        named = [name for name in every if name == entry or name.startswith(f"{entry}.")]
        if not named:
            raise ValueError(
                f"exclude names '{entry}', and no linear or convolutional layer is called so{near(entry, every)}"
            )
        skipped |= set(named)
    # Weights that are left out, or have a layer already.
    seen = {id(every[name]._parameters.get("weight")) for name in skipped} - {id(None)}
    layers: dict[str, nn.Module] = {}
    for name, module in every.items():
        weight = module._parameters.get("weight")
        if name in skipped or id(weight) in seen:
            continue
        if weight is None:
            raise ValueError(
                f"the weight of layer '{name}' is computed from other tensors, so a mask on it would not last: "
                "remove its parametrisation or add the layer to exclude"
            )
        if nn.parameter.is_lazy(weight):
            raise ValueError(f"layer '{name}' has no weight yet: pass one batch through the model first")
        if weight.requires_grad:
            seen.add(id(weight))
            layers[name] = module
    if not layers:
        raise ValueError(
            f"{type(model).__name__} has no linear or convolutional layer with a weight that is trained and not in "
            f"exclude={exclude!r}: there is nothing to mask"
        )
    return layers


def near(name: str, known: dict[str, nn.Module]) -> str:
    """The end of a message that names the closest of the `known` layers."""
    close = get_close_matches(name, known, n=3, cutoff=0.3) or list(known)[:3]
    return f"; the closest are {', '.join(repr(each) for each in close)}" if close else "; the model has none"


def chain(optimizer: torch.optim.Optimizer) -> list[torch.optim.Optimizer]:
    """`optimizer` and, where it wraps others, these, from the outermost to the innermost."""
    optimizers = [optimizer]
    while True:
        inside = (vars(optimizers[-1]).get(name) for name in _INNER)
        inner = next((each for each in inside if isinstance(each, torch.optim.Optimizer)), None)
        if inner is None or any(inner is each for each in optimizers):
            return optimizers
        optimizers.append(inner)


def clear(optimizers: list[torch.optim.Optimizer], weight: Tensor, where: Tensor) -> None:
    """Set what the optimizers remember of the entries of `weight` in `where`, bool of its shape, to zero."""
    for optimizer in optimizers:
        state = optimizer.state
        if weight in state:
            for tensor in _tensors(state[weight]):
                if tensor.shape == weight.shape and tensor.is_floating_point():
                    tensor.masked_fill_(where.to(tensor.device), 0)


def _tensors(state: object) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, dict):
        for key, value in state.items():
            if key not in _NO_AVERAGES:
                yield from _tensors(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _tensors(value)
