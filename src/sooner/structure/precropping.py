"""PreCropping: at initialisation, crop each layer to the width that a pruning rule's density asks for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from sooner._arguments import one_of, share, whole_number
from sooner.batch import Batch
from sooner.registry import Method, register
from sooner.seams import Use
from sooner.sparsity import SynFlow, densities
from sooner.structure._errors import StructureError
from sooner.structure._tracing import plain
from sooner.structure.cropping import Crop, crop

Rule = Literal["synflow", "erk", "uniform"]


def precropping(model: nn.Module, inputs: Tensor, *, density: float, rule: Rule = "synflow", rounds: int = 10) -> Crop:
    """Crop a fresh model in place to `density` of its parameters, before its optimizer is made; then train it as usual.

    A rule of pruning at initialisation says which share p of each layer's weights to keep. Instead of masking weights,
    floor(s * sqrt(p) * C) of the layer's C output channels are kept, so that inputs and outputs together have p of the
    weights, and what is left is a small dense net. The paper's claim is that this is as accurate as the masks.

    Source: Cai, Hua, Chen, Suh, De Sa and Zhang, "Structured Pruning is All You Need for Pruning CNNs at
    Initialization", 2022 (arXiv 2203.02549), with SynFlow's layer densities; its other rule, densities from a convex
    problem, is not here. Settled here, no code being published: layers that are coupled, such as those of a residual
    stage, are as wide as their densities taken together say, weighted by their size; one factor s for all layers
    makes the parameters meet `density` (s = 1 misses it, as inputs and classes stay); the first channels are kept,
    which of equally drawn ones being no matter, and rescaled; see `sooner.structure.crop`. Nothing is drawn at random.

    A step becomes faster, less so than its FLOPs, and the less the more a rule spares the early layers, where images
    are large: convnet-16 on 28x28 pixels, batch 128, one core, float32, took 0.74, 0.55 and 0.39 of the time at density
    0.5, 0.25 and 0.1 with SynFlow's widths (FLOPs 0.60, 0.38, 0.23), and 0.64, 0.30 and 0.21 with uniform ones (FLOPs
    0.49, 0.25, 0.10).

    Args:
        model: freshly initialised; `sooner.structure.groups` says what of it can be cropped.
        inputs: an example batch, (B, C, H, W) or (B, F); its values do not matter.
        density: share of all parameters to keep, above 0 and at most 1. One channel of each group stays.
        rule: "synflow": of that density, see `sooner.sparsity.SynFlow`; "erk" and "uniform": see
            `sooner.sparsity.densities`.
        rounds: of SynFlow. 100 are published; 10 gave widths within two channels of those on convnet-16 and resnet20 in
            a tenth of the time, 0.5 s on one core.

    Returns what was cropped, and what was reached.

    Raises:
        StructureError: the model cannot be traced, or no channel of it can be removed, or it is wrapped in DDP, or
            sharded: crop it before `fully_shard`.
        ValueError: `density`, `rule` or `rounds` out of range.
    """
    density = share("density", density)
    one_of("rule", rule, get_args(Rule))
    whole_number("rounds", rounds, 1)
    model = plain(model, "precropping")
    shares = _synflow(model, inputs, density, rounds) if rule == "synflow" else _shared_out(model, density, rule)
    return crop(model, inputs, shares, density=density)


def _shared_out(model: nn.Module, density: float, rule: Literal["erk", "uniform"]) -> Mapping[str, float]:
    return densities(_shapes(model), density, rule)


def _synflow(model: nn.Module, inputs: Tensor, density: float, rounds: int) -> Mapping[str, float]:
    if density == 1:
        return dict.fromkeys(_shapes(model), 1.0)
    whole = copy.deepcopy(model).requires_grad_(True)
    never_used = torch.optim.SGD(whole.parameters(), lr=1.0)
    one = Batch(inputs[:1], torch.zeros(1), torch.zeros(1, dtype=torch.int64), torch.ones(1))
    return SynFlow(whole, never_used, batches=[one], density=density, rounds=rounds).densities


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    shapes = {
        name: tuple(layer.weight.shape)
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
    }
    if not shapes:
        raise StructureError(f"{type(model).__name__} has no linear or convolutional layer: there is nothing to crop")
    return shapes


register(
    Method(
        name="precropping",
        seam="structure",
        make=precropping,
        title="PreCropping",
        paper="Cai et al., Structured Pruning is All You Need for Pruning CNNs at Initialization",
        year=2022,
        changes="Before training, layers are cropped to fewer channels, as many as a pruning rule's densities ask for.",
        costs="At the start 10 passes of one example, forward and backward, for SynFlow, little for the other rules.",
        helps="When the model is wider than the task needs: steps become faster in ordinary dense kernels.",
        hurts="When the model is as small as the task allows, it only learns less.",
        cheaper=True,
        many=True,
        exempt=MappingProxyType({"repr": "it is a function that acts once, and what it returns is a report"}),
        example=MappingProxyType({"density": 0.5, "rule": "uniform"}),
        use=Use(name="report"),  # before the optimizer is made
    )
)
