"""Magnitude pruning of channels during training: the weakest are removed for real, step by step."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sooner._arguments import number, one_of, share, whole_number
from sooner.registry import GIVEN, Method, register
from sooner.structure._errors import StructureError
from sooner.structure._tracing import plain
from sooner.structure.groups import Group, Groups, groups
from sooner.structure.surgery import remove

Scope = Literal["global", "layer"]
Schedule = Literal["cubic", "linear"]


class ChannelPruning:
    """Remove the channels with the smallest weights while the model is trained, along with their optimizer state.

    In a loop:

        pruning = ChannelPruning(model, optimizer, inputs, channels=0.5)
        ...
        optimizer.step()
        pruning.step(progress)  # before gradients are cleared; progress in [0, 1] of the run, this step included

    A channel's importance is the L2 norm of all convolution and linear weights that make it or take it, those of
    coupled layers together, divided by the mean over its group, so that groups of different sizes compare (after Fang,
    Ma, Song, Mi and Wang, "DepGraph: towards any structural pruning", 2023, who divide the squares by the mean of the
    strongest). The share of channels removed at progress p is (1 - channels) * (1 - (1 - t)^3), where t goes from 0 to
    1 between `begin` and `until` (Zhu and Gupta, "To prune, or not to prune", 2018), or (1 - channels) * t if linear.
    Every `every` steps the weakest are removed until that share is reached, and once more when `until` has been
    reached. One channel of each group stays.

    Unlike with masks the tensors become smaller: steps become faster where convolutions are limited by arithmetic or
    memory, less so in small models. What else has the shape of the weights has to be renewed when `version` has
    risen, such as `DistributedDataParallel` around the model; see `sooner.structure.remove`. Processes that train the
    same weights remove the same channels.

    Args:
        model: not wrapped in DDP. `sooner.structure.groups` says what can be removed from it.
        optimizer: over its parameters.
        inputs: an example batch (B, C, H, W) or (B, F), to trace the model with; not kept.
        channels: share of the removable channels that is left at the end, above 0 and at most 1.
        every: steps between surgeries, at least 1.
        begin: progress before which nothing is removed, in [0, 1).
        until: progress from which on nothing more is, above `begin` and at most 1.
        scope: "global": the weakest of the model; "layer": the same share of each group, rounded, the weakest of it.
        schedule: "cubic", most of the channels early, or "linear".

    Attributes:
        version: number of surgeries so far.
        groups: of the model as it is now.
        kept: of each group, which of the original channels are left, (channels,) int64.

    Raises:
        StructureError: the model cannot be traced, or no channel of it can be removed, or it is wrapped in DDP,
            or sharded (FSDP).
        ValueError, TypeError: an argument out of range.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        inputs: Tensor,
        *,
        channels: float,
        every: int = 100,
        begin: float = 0.0,
        until: float = 0.5,
        scope: Scope = "global",
        schedule: Schedule = "cubic",
    ) -> None:
        self.channels = share("channels", channels)
        self.every = whole_number("every", every, 1)
        self.begin = number("begin", begin, 0.0, 1.0, below=True)
        self.until = share("until", until)
        if self.until <= self.begin:
            raise ValueError(f"until must be above begin, {self.begin:g}, not {self.until:g}")
        self.scope = one_of("scope", scope, get_args(Scope))
        self.schedule = one_of("schedule", schedule, get_args(Schedule))
        self.model = plain(model, "ChannelPruning")
        self.optimizer = optimizer
        self.groups: Groups = groups(self.model, inputs)
        if not self.groups:
            raise StructureError(f"no channel of {type(self.model).__name__} can be removed:\n{self.groups}")
        self.kept = {name: torch.arange(group.channels) for name, group in self.groups.items()}
        self.version = 0
        self._all = {name: group.channels for name, group in self.groups.items()}
        self._steps = 0
        self._finished = False

    def step(self, progress: float) -> bool:
        """Act after the optimizer's step and before gradients are cleared; True if tensors became smaller.

        Args:
            progress: share of the run that is over, this step included, in [0, 1].
        """
        progress = number("progress", progress, 0.0, 1.0)
        self._steps += 1
        last = progress >= self.until and not self._finished
        if self._finished or progress < self.begin or not (last or self._steps % self.every == 0):
            return False
        self._finished = last
        return self._cut(self._chosen(self.left(progress)))

    def left(self, progress: float) -> float:
        """The share of channels that the schedule leaves at that progress."""
        t = min(1.0, max(0.0, (progress - self.begin) / (self.until - self.begin)))
        return 1 - (1 - self.channels) * (1 - (1 - t) ** 3 if self.schedule == "cubic" else t)

    @torch.no_grad()
    def importance(self) -> dict[str, Tensor]:
        """(channels,) float32 by group, on the CPU: the norm of each channel's weights over the mean of its group."""
        parameters = dict(self.model.named_parameters())
        return {name: _importance(group, parameters) for name, group in self.groups.items()}

    def state_dict(self) -> dict[str, Any]:
        """Which of the original channels are left, and counters: plain values and tensors."""
        return {
            "kept": {name: kept.clone() for name, kept in self.kept.items()},
            "channels": dict(self._all),
            "steps": self._steps,
            "version": self.version,
            "finished": self._finished,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`: removes from the model what had been removed then.

        Make it with the model at its full size and a new optimizer, load this, then load the smaller states of the
        model and of the optimizer, whose shapes fit from now on.

        Raises:
            ValueError: the state is of another model, or has channels that are already removed here.
        """
        if not {"kept", "channels", "steps", "version", "finished"} <= set(state):
            raise ValueError(f"the state of ChannelPruning has kept, channels and steps; this one has {sorted(state)}")
        theirs = dict(state["channels"])
        if theirs != self._all:
            raise ValueError(f"the state belongs to another model: {theirs} there and {self._all} here")
        keep = {}
        for name, now in self.kept.items():
            keep[name] = torch.isin(now, state["kept"][name]).nonzero().flatten()
            if len(keep[name]) != len(state["kept"][name]):
                raise ValueError(f"channels of '{name}' that the state has are removed here: load it on the full model")
        self._cut(keep)
        self._steps, self.version = int(state["steps"]), int(state["version"])
        self._finished = bool(state["finished"])

    def _chosen(self, left: float) -> dict[str, Tensor]:
        """Of each group the positions to keep."""
        strength = self.importance()
        if self.scope == "layer":
            counts = {name: max(1, round(left * n)) for name, n in self._all.items()}
        else:
            counts = _weakest_removed(strength, max(len(strength), round(left * sum(self._all.values()))))
        return {
            name: values.sort(descending=True, stable=True).indices[: counts[name]].sort().values
            for name, values in strength.items()
        }

    def _cut(self, keep: Mapping[str, Tensor]) -> bool:
        keep = {name: positions for name, positions in keep.items() if len(positions) < self.groups[name].channels}
        if not keep:
            return False
        self.groups = remove(self.model, self.groups, keep, self.optimizer)
        self.kept |= {name: self.kept[name][positions] for name, positions in keep.items()}
        self.version += 1
        return True

    def __repr__(self) -> str:
        own = {name: p.default for name, p in inspect.signature(type(self)).parameters.items() if name not in GIVEN}
        options = [f"{name}={getattr(self, name)!r}" for name in own if getattr(self, name) != own[name]]
        return f"ChannelPruning(model, optimizer, inputs, {', '.join(options)})"


def _importance(group: Group, parameters: Mapping[str, Tensor]) -> Tensor:
    squares = torch.zeros(group.channels)
    for part in group.parts:
        weight = parameters.get(part.tensor)
        if weight is not None and weight.ndim > 1:
            other = [dim for dim in range(weight.ndim) if dim != part.dim]
            sums = weight.detach().float().square().sum(other).cpu()
            squares += sums[part.index].sum(1)
    norms = squares.sqrt()
    return norms / norms.mean().clamp_min(torch.finfo(torch.float32).tiny)


def _weakest_removed(strength: Mapping[str, Tensor], total: int) -> dict[str, int]:
    """How many channels of each group are among the `total` strongest, the strongest of each group always."""
    counts = dict.fromkeys(strength, 1)
    others = [
        (float(value), name)
        for name, values in strength.items()
        for value in values.sort(descending=True, stable=True).values[1:]
    ]
    for _, name in sorted(others, key=lambda item: -item[0])[: total - len(counts)]:
        counts[name] += 1
    return counts


register(
    Method(
        name="channel-pruning",
        seam="structure",
        make=ChannelPruning,
        title="Magnitude pruning of channels",
        paper="Fang et al., DepGraph: Towards Any Structural Pruning; schedule of Zhu and Gupta (2018)",
        year=2023,
        changes="The weakest channels are removed from the model and the optimizer while it is trained.",
        costs="Tracing the model once, 0.05 to 0.5 s; each surgery copies the tensors that shrink.",
        helps="When the model is wider than the task needs, and a smaller one is wanted at the end.",
        hurts="On short runs and narrow models: what is removed had been trained, and most steps are at full width.",
        cheaper=True,
        many=True,
        refuses=MappingProxyType({"sparsity/*": "channels that go would take tensors away from under their masks"}),
        example=MappingProxyType({"channels": 0.5, "every": 2}),
    )
)
