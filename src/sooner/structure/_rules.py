"""What each operation that is known does to channels."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx

from sooner.structure._flow import Flow, Value, called, place
from sooner.structure._views import attribute, flattened, item, padded, resqueezed, size, viewed

# A rule gives the value of its node, or a sentence that says why it cannot.
Rule = Callable[[Flow, fx.Node], Any]


def rule(flow: Flow, node: fx.Node) -> Any:
    """The value of `node`, a function or a method, or why it is not known."""
    if flow.shape(node) is None and all(value.labels is None for value in flow.tensors_in(node.args)):
        return None  # numbers, not tensors
    if any(value.labels is not None for value in flow.tensors_in(dict(node.kwargs))):
        return f"{called(node)} in {place(node)} takes a tensor by keyword; give it by position"
    rule = (_METHODS if node.op == "call_method" else _FUNCTIONS).get(node.target)
    return rule(flow, node) if rule else f"it is not known what {called(node)} in {place(node)} does to channels"


def channelwise(flow: Flow, node: fx.Node) -> Any:
    """Each channel by itself, the same function for all: activations, pooling, dropout."""
    value = flow.value(node.args[0])
    shape = flow.shape(node)
    if not isinstance(value, Value) or not isinstance(shape, tuple):
        return f"{called(node)} in {place(node)} gives more than one tensor"
    if value.labels is None:
        return Value(shape)
    if len(shape) != len(value.shape) or shape[value.dim] != len(value.labels):
        return f"{called(node)} in {place(node)} changes the number of channels"
    return Value(shape, value.dim, value.labels)


def _elementwise(flow: Flow, node: fx.Node) -> Any:
    shape = flow.shape(node)
    operands = [value for value in map(flow.value, node.args[:2]) if isinstance(value, Value)]
    tracked = [value for value in operands if value.labels is not None]
    if not tracked:
        return None if shape is None else Value(shape)
    wide = max(tracked, key=lambda value: len(value.labels or ()))
    assert wide.labels is not None
    for value in operands:
        if value.labels is not None and (value.position, len(value.labels)) == (wide.position, len(wide.labels)):
            flow.labels.join(value.labels, wide.labels)
        elif wide.position < len(value.shape) and value.shape[len(value.shape) - 1 - wide.position] != 1:
            return f"{called(node)} in {place(node)} joins channels with a tensor in which they are not known"
        else:
            flow.fix(value, f"{called(node)} in {place(node)} spreads it over other channels")
    return Value(shape, len(shape) - 1 - wide.position, wide.labels)


def _reduced(flow: Flow, node: fx.Node) -> Any:
    value, shape = flow.value(node.args[0]), flow.shape(node)
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    if not isinstance(value, Value) or value.labels is None:
        return Value(shape) if isinstance(shape, tuple) else None
    gone = {d % len(value.shape) for d in (dims if isinstance(dims, tuple | list) else [dims]) if isinstance(d, int)}
    if not gone or value.dim in gone or not isinstance(shape, tuple):
        return f"{called(node)} in {place(node)} mixes channels"
    kept = len(shape) == len(value.shape)
    return Value(shape, value.dim if kept else value.dim - sum(d < value.dim for d in gone), value.labels)


def _joined(flow: Flow, node: fx.Node) -> Any:
    values, shape = flow.value(node.args[0]), flow.shape(node)
    dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
    if any(value.labels is None or value.dim != values[0].dim for value in values) or not isinstance(dim, int):
        return f"{called(node)} in {place(node)} joins channels with a tensor in which they are not known"
    if dim % len(shape) == values[0].dim:
        return Value(shape, values[0].dim, [label for value in values for label in value.labels])
    for value in values[1:]:
        flow.labels.join(value.labels, values[0].labels)
    return Value(shape, values[0].dim, values[0].labels)


_CHANNELWISE_FUNCTIONS = (
    *(F.relu, F.relu6, F.gelu, F.silu, F.elu, F.selu, F.celu, F.mish, F.leaky_relu, F.hardtanh, F.hardswish),
    *(F.hardsigmoid, F.sigmoid, F.tanh, F.softplus, F.softsign, F.logsigmoid, torch.relu, torch.sigmoid, torch.tanh),
    *(torch.abs, torch.exp, torch.sqrt, torch.square, torch.clamp, torch.neg, operator.neg, operator.pos, torch.clone),
    *(F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.interpolate),
    *(F.max_pool1d, F.max_pool2d, F.max_pool3d, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d),
    *(F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d),
    *(F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d),
)
_CHANNELWISE_METHODS = (
    *("relu", "relu_", "sigmoid", "tanh", "abs", "exp", "sqrt", "square", "clamp", "clamp_", "neg", "contiguous"),
    *("clone", "detach", "float", "half", "bfloat16", "double", "to", "cpu", "cuda", "type_as"),
)
_ELEMENTWISE = (
    *(operator.add, operator.iadd, operator.sub, operator.isub, operator.mul, operator.imul, operator.truediv),
    *(torch.add, torch.sub, torch.mul, torch.div, torch.maximum, torch.minimum),
)
_FUNCTIONS: dict[Any, Rule] = {
    **dict.fromkeys(_CHANNELWISE_FUNCTIONS, channelwise),
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys((torch.mean, torch.sum, torch.amax, torch.amin), _reduced),
    **dict.fromkeys((torch.cat, torch.concat), _joined),
    **dict.fromkeys((torch.squeeze, torch.unsqueeze), resqueezed),
    torch.reshape: viewed,
    torch.flatten: flattened,
    F.pad: padded,
    operator.getitem: item,
    getattr: attribute,
}
_METHODS: dict[Any, Rule] = {
    **dict.fromkeys(_CHANNELWISE_METHODS, channelwise),
    **dict.fromkeys(("add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_"), _elementwise),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), _reduced),
    **dict.fromkeys(("view", "reshape"), viewed),
    **dict.fromkeys(("squeeze", "unsqueeze"), resqueezed),
    "flatten": flattened,
    "size": size,
    "dim": lambda flow, node: None,
}
