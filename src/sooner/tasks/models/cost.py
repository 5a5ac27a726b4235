"""What a model costs: its parameters, and the floating-point operations of one example."""

from __future__ import annotations

import torch
from torch import nn
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
