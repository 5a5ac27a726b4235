"""Groups of channels that can only be removed together, found by following them through the traced model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn

from sooner.structure._constants import attribute_of
from sooner.structure._flow import Flow, Value, place, tensors
from sooner.structure._labels import Labels
from sooner.structure._layers import layer_rule
from sooner.structure._rules import rule
from sooner.structure._tracing import plain, traces


@dataclass(frozen=True, eq=False)
class Part:
    """Where a group's channels are along one dimension of one tensor of the model.

    Attributes:
        tensor: name of the parameter or buffer; or of an integer attribute, which counts channels, shape (count,).
        dim: the dimension; 0 for what makes the channels, 1 for what takes them.
        shape: of the whole tensor.
        index: (channels, k) int64, the k positions of each channel; k is above 1 behind a flattening.
    """

    tensor: str
    dim: int
    shape: tuple[int, ...]
    index: Tensor

    @property
    def makes(self) -> bool:
        """Whether these are the rows of a weight, which make the channels."""
        return self.dim == 0 and len(self.shape) > 1


@dataclass(frozen=True, eq=False)
class Group:
    """Channels of which each can be removed by itself, with all its parts at once.

    Attributes:
        name: of the first layer that makes them.
        channels: how many they are.
        parts: of every tensor that has them.
        reason: why none can be removed; None where they can.
    """

    name: str
    channels: int
    parts: tuple[Part, ...]
    reason: str | None = None

    def __str__(self) -> str:
        made = [_layer(part.tensor) for part in self.parts if part.makes]
        taken = [_layer(part.tensor) for part in self.parts if part.dim == 1]
        others = [_layer(part.tensor) for part in self.parts if part.dim == 0 and not part.makes]
        said = [("made by", made), ("taken by", taken), ("with", [name for name in others if name not in made])]
        where = "; ".join(f"{word} {', '.join(dict.fromkeys(names))}" for word, names in said if names)
        return f"{self.name}: {self.channels} channels, {where or 'in no layer'}"


@dataclass(frozen=True, eq=False)
class Groups(Mapping[str, Group]):
    """The groups of a model whose channels can be removed, by name; printed, it also says which cannot, and why.

    Attributes:
        removable: groups whose channels can be removed.
        fixed: groups whose channels stay, each with its `reason`.
        unknown: a sentence on each operation of the model that is not known.
    """

    removable: tuple[Group, ...]
    fixed: tuple[Group, ...]
    unknown: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Group:
        for group in self.removable:
            if group.name == name:
                return group
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (group.name for group in self.removable)

    def __len__(self) -> int:
        return len(self.removable)

    def __str__(self) -> str:
        can = [f"  {group}" for group in self.removable] or ["  nothing"]
        cannot = [f"  {group}; because: {group.reason}" for group in self.fixed] or ["  nothing"]
        lines = ["channels can be removed from", *can, "channels stay as they are in", *cannot]
        if self.unknown:
            lines += ["what is not known", *(f"  {reason}" for reason in self.unknown)]
        return "\n".join(lines)


def groups(model: nn.Module, inputs: Tensor) -> Groups:
    """Which channels of `model` can be removed, and what goes with each: a dry run that changes nothing.

    The model is traced by torch.fx in training and in evaluation mode and run once on `inputs`. Known are
    convolutions (also depthwise), linear layers, batch and instance norm, activations, pooling, residual sums and
    products, concatenation, flattening, mean and maximum over pixels, padding, and option A's shortcuts of residual
    nets, if the number of channels that they add is an attribute of the module. A weight that several layers share
    counts as one. What is not known keeps the channels that go through it, as do the outputs of the model (its
    classes) and its inputs. Costs some 50 to 500 ms.

    Args:
        model: not wrapped in DDP; a compiled one is looked into.
        inputs: (B, C, H, W), (B, F) or alike, float; an example batch, B of 1 is enough.

    Raises:
        StructureError: the model cannot be traced, or not run on `inputs`, or is wrapped in DDP.
    """
    model = plain(model)
    labels = Labels()
    flow = Flow(model, labels)
    for trace in traces(model, inputs):
        flow.through(trace, _rule)
    _bind_constants(model, flow)
    _fix_other_uses(model, flow)
    return replace(_collected(labels, _shapes(model, labels)), unknown=tuple(flow.refused))


def _rule(flow: Flow, node: fx.Node) -> Any:
    if node.op == "call_module":
        return layer_rule(flow, node)
    if node.op != "get_attr":
        return rule(flow, node)
    shape = flow.shape(node)
    flow.read.setdefault(str(node.target), place(node))
    return Value(shape) if isinstance(shape, tuple) else None


def _bind_constants(model: nn.Module, flow: Flow) -> None:
    for constant in flow.constants:
        name = attribute_of(model, constant)
        if name is None:
            where = f"'{constant.module}'" if constant.module else "the model's own forward"
            flow.labels.fix(constant.labels, f"{where} adds them as constants, their number is no attribute of its own")
        else:
            flow.labels.bind(f"{constant.module}.{name}".lstrip("."), 0, constant.labels)


def _fix_other_uses(model: nn.Module, flow: Flow) -> None:
    """A tensor that is used in another way than by its layers keeps its shape."""
    first = {id(tensor): name for name, tensor in tensors(model)}
    for name, tensor in tensors(model, all_names=True):
        where = flow.read.get(name)
        if where is None and model.get_submodule(name.rpartition(".")[0]) not in flow.handled:
            where = f"'{name.rpartition('.')[0]}'"
        if where is not None:
            for (bound, _), labels in flow.labels.bound.items():
                if bound == first[id(tensor)]:
                    flow.labels.fix(labels, f"{where} uses '{bound}' in another way")


def _shapes(model: nn.Module, labels: Labels) -> dict[str, tuple[int, ...]]:
    known = {name: tuple(tensor.shape) for name, tensor in tensors(model)}
    counts = {name: (len(bound),) for (name, _), bound in labels.bound.items() if name not in known}
    return known | counts


def _collected(labels: Labels, shapes: Mapping[str, tuple[int, ...]]) -> Groups:
    """Channels with the same parts are one group."""
    keys = list(labels.bound)
    positions: dict[int, dict[int, list[int]]] = {}  # of each channel, by key
    for number, key in enumerate(keys):
        for position, label in enumerate(labels.bound[key]):
            positions.setdefault(labels.root(label), {}).setdefault(number, []).append(position)
    reasons = labels.fixed()
    alike: dict[tuple[Any, ...], list[int]] = {}
    for channel, where in positions.items():
        kind = (*((number, len(taken)) for number, taken in where.items()), reasons.get(channel))
        alike.setdefault(kind, []).append(channel)
    collected: list[Group] = []
    for (*numbers, reason), channels in alike.items():
        parts = tuple(
            Part(
                tensor=keys[number][0],
                dim=keys[number][1],
                shape=shapes[keys[number][0]],
                index=torch.tensor([positions[channel][number] for channel in channels]),
            )
            for number, _ in numbers
        )
        collected.append(Group(_name(parts, collected), len(channels), parts, reason))
    return Groups(
        tuple(group for group in collected if group.reason is None),
        tuple(group for group in collected if group.reason is not None),
    )


def _name(parts: tuple[Part, ...], others: list[Group]) -> str:
    first = next((part for part in parts if part.makes), None)
    name = "inputs" if first is None else _layer(first.tensor)
    earlier = sum(group.name.partition("#")[0] == name for group in others)
    return f"{name}#{earlier + 1}" if earlier else name


def _layer(tensor: str) -> str:
    return tensor.rpartition(".")[0] or tensor


def alive(before: Groups, keep: Mapping[str, Tensor]) -> dict[tuple[str, int], Tensor]:
    """(size,) bool, by tensor and dimension: what stays where of each group in `keep` only those channels do."""
    masks: dict[tuple[str, int], Tensor] = {}
    for name, kept in keep.items():
        group = before[name]
        removed = torch.ones(group.channels, dtype=torch.bool)
        removed[kept] = False
        for part in group.parts:
            mask = masks.setdefault((part.tensor, part.dim), torch.ones(part.shape[part.dim], dtype=torch.bool))
            mask[part.index[removed].flatten()] = False
    return masks


def after(before: Groups, keep: Mapping[str, Tensor]) -> Groups:
    """The groups of the model that is left when of each group in `keep` only those channels stay."""
    masks = alive(before, keep)
    places = {key: mask.cumsum(0) - 1 for key, mask in masks.items()}
    sizes = {key: int(mask.sum()) for key, mask in masks.items()}

    def smaller(group: Group) -> Group:
        kept = keep.get(group.name, torch.arange(group.channels)) if group.reason is None else slice(None)
        parts = []
        for part in group.parts:
            index, where = part.index[kept], places.get((part.tensor, part.dim))
            shape = tuple(sizes.get((part.tensor, dim), size) for dim, size in enumerate(part.shape))
            parts.append(replace(part, shape=shape, index=index if where is None else where[index]))
        return replace(group, channels=len(parts[0].index), parts=tuple(parts))

    return replace(before, removable=tuple(map(smaller, before.removable)), fixed=tuple(map(smaller, before.fixed)))
