"""What views of a tensor do to channels: flattening, padding, indexing, and reading sizes."""

from __future__ import annotations

import math
from typing import Any

from torch import fx

from sooner.structure._constants import Constant
from sooner.structure._flow import Flow, Sizes, Value, called, place


def flattened(flow: Flow, node: fx.Node) -> Any:
    start = node.kwargs.get("start_dim", node.args[1] if len(node.args) > 1 else 0)
    end = node.kwargs.get("end_dim", node.args[2] if len(node.args) > 2 else -1)
    return flatten(flow, node, start, end)


def flatten(flow: Flow, node: fx.Node, start: Any, end: Any) -> Any:
    """Dimensions `start` to `end` become one: a channel with H * W pixels becomes H * W neighbouring columns."""
    value, shape = flow.value(node.args[0]), flow.shape(node)
    if value.labels is None:
        return Value(shape)
    first, last = start % len(value.shape), end % len(value.shape)
    if last < value.dim:
        return Value(shape, value.dim - (last - first), value.labels)
    if first > value.dim:
        return Value(shape, value.dim, value.labels)
    if first < value.dim:
        return f"{called(node)} in {place(node)} mixes channels with the dimension before them"
    pixels = math.prod(value.shape[first + 1 : last + 1])
    return Value(shape, first, [label for label in value.labels for _ in range(pixels)])


def viewed(flow: Flow, node: fx.Node) -> Any:
    value, shape = flow.value(node.args[0]), flow.shape(node)
    sizes = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], tuple | list) else node.args[1:]
    if value.labels is None:
        return Value(shape)
    if value.dim == 1 and len(shape) == 2 and shape[0] == value.shape[0] and len(sizes) == 2 and sizes[1] == -1:
        return flatten(flow, node, 1, -1)
    return (
        f"{called(node)} in {place(node)} gives fixed sizes, {shape}; to flatten, use flatten(1) or "
        f"{called(node)}(batch, -1)"
    )


def padded(flow: Flow, node: fx.Node) -> Any:
    value, shape = flow.value(node.args[0]), flow.shape(node)
    if value.labels is None:
        return Value(shape)
    padding: Any = node.args[1] if len(node.args) > 1 else node.kwargs.get("pad")
    mode = node.args[2] if len(node.args) > 2 else node.kwargs.get("mode", "constant")
    if not isinstance(padding, tuple | list) or not all(isinstance(number, int) for number in padding):
        return f"the padding in {place(node)} is computed"
    entries = (2 * value.position, 2 * value.position + 1)
    before, after = (padding[entry] if entry < len(padding) else 0 for entry in entries)
    if before < 0 or after < 0 or (mode != "constant" and (before or after)):
        return f"the padding in {place(node)} cuts or repeats channels"
    added = [flow.labels.fresh(number) for number in (before, after)]
    for entry, labels in zip(entries, added, strict=True):
        if labels:
            flow.constants.append(Constant(node.meta["module"], node.name, entry, labels, flow.training))
    return Value(shape, value.dim, added[0] + value.labels + added[1])


def item(flow: Flow, node: fx.Node) -> Any:
    value, index = flow.value(node.args[0]), node.args[1]
    if isinstance(value, Sizes):
        # `b, c, h, w = x.shape` makes an item of each size, used or not.
        asked = range(len(value.of.shape))[index] if isinstance(index, int | slice) else value.of.dim
        reads = asked == value.of.dim if isinstance(asked, int) else value.of.dim in asked
        return f"{place(node)} reads the number of channels" if reads and node.users else None
    if not isinstance(value, Value):
        return value[index] if isinstance(value, list) and isinstance(index, int) else None
    if value.labels is None:
        return Value(flow.shape(node))
    return _indexed(flow, node, value, list(index) if isinstance(index, tuple) else [index])


def _indexed(flow: Flow, node: fx.Node, value: Value, index: list[Any]) -> Any:
    missing = len(value.shape) - sum(item is not None and item is not Ellipsis for item in index)
    at = index.index(Ellipsis) if Ellipsis in index else len(index)
    whole = [*index[:at], *[slice(None)] * missing, *index[at + 1 :]]
    old = new = 0
    for item in whole:
        if item is None:
            new += 1
        elif not isinstance(item, slice | int):
            return f"the indexing in {place(node)} picks channels or pixels by number"
        elif old == value.dim:
            if item != slice(None):
                return f"the indexing in {place(node)} picks channels by number"
            break
        else:
            new += isinstance(item, slice)
            old += 1
    return Value(flow.shape(node), new, value.labels)


def size(flow: Flow, node: fx.Node) -> Any:
    value = flow.value(node.args[0])
    asked = node.args[1] if len(node.args) > 1 else None
    if asked is None:
        return Sizes(value)
    if value.labels is not None and (not isinstance(asked, int) or asked % len(value.shape) == value.dim):
        return f"{place(node)} reads the number of channels"
    return None


def attribute(flow: Flow, node: fx.Node) -> Any:
    value, name = flow.value(node.args[0]), node.args[1]
    if isinstance(value, Value) and name == "shape":
        return Sizes(value)
    if name in ("ndim", "dtype", "device", "is_cuda"):
        return None
    return f"{place(node)} takes the attribute {name} of a tensor"


def resqueezed(flow: Flow, node: fx.Node) -> Any:
    value, shape = flow.value(node.args[0]), flow.shape(node)
    dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    if value.labels is None:
        return Value(shape)
    adds = "un" in called(node)
    if not isinstance(dim, int) or (dim % (len(value.shape) + adds) == value.dim and not adds):
        return f"{called(node)} in {place(node)} may remove the dimension of the channels"
    change = len(shape) - len(value.shape)
    return Value(shape, value.dim + change * (dim % (len(value.shape) + adds) <= value.dim), value.labels)
