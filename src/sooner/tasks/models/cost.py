"""What a model costs: its parameters, and the floating-point operations of one example."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


def parameters(model: nn.Module) -> int:
    """How many numbers the model's parameters hold."""
    return sum(parameter.numel() for parameter in model.parameters())


def flops(model: nn.Module, shape: tuple[int, ...]) -> int:
    """Floating-point operations of one example's forward pass, two for each multiply-accumulate.

    Counted by torch in matrix products, convolutions and attention, which is nearly all; normalisation, activations
    and pooling are left out, as is usual. Training takes about three times as many. Costs one forward pass of the
    model on zeros, where its parameters are, in evaluation mode; changes nothing.
    """
    modes = {module: module.training for module in model.modules()}
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    # A user's model may draw random numbers even in evaluation mode.
    devices = [device] if device.type == "cuda" else []
    try:
        model.eval()
        with torch.no_grad(), torch.random.fork_rng(devices=devices), FlopCounterMode(display=False) as counter:
            model(torch.zeros(1, *shape, device=device))
    finally:
        for module, mode in modes.items():
            module.training = mode
    return int(counter.get_total_flops())


def layer_flops(model: nn.Module, shape: tuple[int, ...]) -> int:
    """The same of a model whose convolutions and linear layers are all that counts, as in every model known by name.

    `flops` sees every operation, for which torch loads its compiler: seconds where a table of models is all that is
    asked for. This counts each call of a `Conv2d` or `Linear`, and costs a forward pass on zeros as well; it leaves
    the model in the mode it was in, which must draw no random numbers in evaluation mode.
    """
    total = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = layer.weight
        assert isinstance(weight, Tensor)
        per_output = weight[0].numel()  # multiplications: of a filter's weights, or a row's
        total += 2 * output.numel() * per_output

    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    handles = [layer.register_forward_hook(add) for layer in layers]
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            model(torch.zeros(1, *shape))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return total
