"""Cropping a fresh model to the widths that densities of its layers ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sooner._arguments import share
from sooner.structure._cost import flops
from sooner.structure._errors import StructureError
from sooner.structure._tracing import plain
from sooner.structure.groups import Group, Groups, groups
from sooner.structure.surgery import remove


@dataclass(frozen=True)
class Crop:
    """What was cropped; printed, it is a table.

    Attributes:
        density: the share of all parameters that was asked for.
        channels: before and after, by group.
        parameters: of the whole model, before and after.
        flops: of one example's forward pass, before and after, two for each multiply-accumulate.
        fixed: what could not be cropped, by group, and why.
    """

    density: float
    channels: dict[str, tuple[int, int]]
    parameters: tuple[int, int]
    flops: tuple[int, int]
    fixed: dict[str, str]

    @property
    def reached(self) -> float:
        """The share of all parameters that is left."""
        return self.parameters[1] / self.parameters[0]

    def __str__(self) -> str:
        rows = [f"  {name}: {before} to {after} channels" for name, (before, after) in self.channels.items()]
        whole = [f"  {name}: whole, because: {reason}" for name, reason in self.fixed.items()]
        return "\n".join(
            [
                f"{self.parameters[0]:,} to {self.parameters[1]:,} parameters: {self.reached:.4f} of them, "
                f"asked for {self.density:g}; {self.flops[1] / self.flops[0]:.3f} of the FLOPs",
                *rows,
                *whole,
            ]
        )


def crop(
    model: nn.Module, inputs: Tensor, densities: Mapping[str, float], *, density: float, rescale: bool = True
) -> Crop:
    """Crop `model` in place to `density` of its parameters, each layer as wide as its density asks for.

    Of a group of coupled channels max(1, floor(s * sqrt(p) * C)) of the C channels stay, the first ones, where p is
    the density of the layers that make them, taken together (their kept weights over all their weights). One factor s
    for the whole model is solved for, channel by channel, so that the parameters come as near to `density` as whole
    channels allow. For p as it is, s = 1, the count would be off: inputs and classes are never cropped.

    Args:
        model: freshly initialised, before an optimizer is made; see `sooner.structure.groups` for which ones can be.
        inputs: an example batch, (B, C, H, W) or (B, F).
        densities: share of each layer's weights to keep, in [0, 1], by the layer's name; of every layer that makes
            channels.
        density: share of all parameters to keep, above 0 and at most 1.
        rescale: multiply weights and biases of convolutions and linear layers by sqrt(old / new inputs), so that their
            outputs vary as much as before, as torch's initialisation of the smaller layer would make them.

    Raises:
        StructureError: no channel of the model can be removed; the message says why.
        ValueError: `density` out of range, or `densities` lacks a layer.
    """
    density = share("density", density)
    model = plain(model)
    inputs = inputs.to(next(model.parameters()).device)
    channel_groups = groups(model, inputs)
    if not channel_groups:
        raise StructureError(f"no channel of {type(model).__name__} can be removed:\n{channel_groups}")
    ratios = {name: math.sqrt(_together(group, densities)) for name, group in channel_groups.items()}
    widths = _widths(model, channel_groups, ratios, density)
    fans = {layer: _fan(layer) for layer in model.modules() if _fan(layer)}
    before = sum(p.numel() for p in model.parameters()), flops(model, inputs)
    remove(model, channel_groups, {name: torch.arange(width) for name, width in widths.items()})
    if rescale:
        _rescale(fans)
    return Crop(
        density=density,
        channels={name: (group.channels, widths[name]) for name, group in channel_groups.items()},
        parameters=(before[0], sum(p.numel() for p in model.parameters())),
        flops=(before[1], flops(model, inputs)),
        fixed={group.name: group.reason or "" for group in channel_groups.fixed},
    )


def _fan(layer: nn.Module) -> int:
    """The inputs of each output of a layer with weights; 0 for any other."""
    return layer.weight[0].numel() if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d) else 0


@torch.no_grad()
def _rescale(fans: Mapping[nn.Module, int]) -> None:
    """Scale parameters, a shared one once, by the root of old over new inputs."""
    seen: set[int] = set()
    for layer, fan in fans.items():
        for parameter in layer.parameters(recurse=False):
            if id(parameter) not in seen and _fan(layer) != fan:
                parameter.mul_(math.sqrt(fan / _fan(layer)))
            seen.add(id(parameter))


def _together(group: Group, densities: Mapping[str, float]) -> float:
    """The density of all layers that make a group's channels, as if they were one."""
    sizes = {part.tensor.rpartition(".")[0]: math.prod(part.shape) for part in group.parts if part.makes}
    lacking = sorted(set(sizes) - set(densities))
    if lacking:
        raise ValueError(f"densities must have a number for each layer that makes channels, also {', '.join(lacking)}")
    return math.fsum(densities[name] * size for name, size in sizes.items()) / sum(sizes.values())


def _widths(model: nn.Module, channel_groups: Groups, ratios: Mapping[str, float], density: float) -> dict[str, int]:
    """Channels to keep of each group: with the factor s growing from 0, channel after channel joins."""
    joins = sorted(
        (number / (max(ratios[name], 1e-12) * group.channels), place, name)
        for place, (name, group) in enumerate(channel_groups.items())
        for number in range(2, group.channels + 1)
    )
    goal = density * sum(p.numel() for p in model.parameters())

    def after(joined: int) -> dict[str, int]:
        widths = dict.fromkeys(channel_groups, 1)
        for _, _, name in joins[:joined]:
            widths[name] += 1
        return widths

    low, high = 0, len(joins)  # the first number of joins that comes to the goal or above
    while low < high:
        middle = (low + high) // 2
        if _parameters(model, channel_groups, after(middle)) < goal:
            low = middle + 1
        else:
            high = middle
    near = [after(joined) for joined in (low, low - 1) if joined >= 0]
    return min(near, key=lambda widths: abs(_parameters(model, channel_groups, widths) - goal))


def _parameters(model: nn.Module, channel_groups: Groups, widths: Mapping[str, int]) -> int:
    """How many parameters the model would have."""
    gone: dict[tuple[str, int], int] = {}
    for name, group in channel_groups.items():
        for part in group.parts:
            removed = (group.channels - widths[name]) * part.index.shape[1]
            gone[part.tensor, part.dim] = gone.get((part.tensor, part.dim), 0) + removed
    return sum(
        math.prod(size - gone.get((name, dim), 0) for dim, size in enumerate(parameter.shape))
        for name, parameter in model.named_parameters()
    )
