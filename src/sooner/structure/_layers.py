"""What each layer that is known does to channels, and its attributes once its tensors have become smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import fx, nn

from sooner.batching import GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d
from sooner.structure._flow import Flow, Value, place
from sooner.structure._rules import channelwise
from sooner.structure._views import flatten

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    *(GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d),
)
_MIXING_NORMS = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm, nn.LocalResponseNorm)
_CHANNELWISE = (
    *(nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.Upsample),
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.CELU, nn.Mish, nn.Sigmoid, nn.Tanh),
    *(nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.LogSigmoid),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    *(nn.ZeroPad1d, nn.ZeroPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReplicationPad2d),
)


def layer_rule(flow: Flow, node: fx.Node) -> Any:
    """The value that a called module gives, or why it is not known; see `sooner.structure._rules.rule`."""
    module = flow.modules[str(node.target)]
    handler = _LAYERS.get(type(module))
    if handler is None:
        why = (
            f"normalises channels together ({type(module).__name__})"
            if isinstance(module, _MIXING_NORMS)
            else f"is a {type(module).__name__}, of which it is not known what it does to channels"
        )
        return f"{place(node)} {why}"
    computed = flow.computed(module)
    if computed:
        return f"{place(node)} has a {computed} that is computed in each step (a mask, a parametrization)"
    value = flow.value(node.args[0]) if node.args else None
    if not isinstance(value, Value):
        return f"{place(node)} gets no tensor, or gets it by keyword; give it by position"
    flow.handled.add(module)
    return handler(flow, node, module, value)


def _convolution(flow: Flow, node: fx.Node, module: Any, value: Value) -> Any:
    shape = flow.shape(node)
    if value.labels is not None and (value.dim != 1 or len(value.shape) != module.weight.ndim):
        return f"{place(node)} convolves along the dimension of the channels"
    if module.groups == 1:
        outputs = flow.produced(module, module.out_channels)
        if value.labels is not None:
            flow.bind(module, "weight", 1, value.labels)
    elif module.groups == module.in_channels and value.labels is not None:
        outputs = [label for label in value.labels for _ in range(module.out_channels // module.groups)]
        flow.bind(module, "weight", 0, outputs)
    else:
        return f"{place(node)} is a grouped convolution (groups={module.groups})"
    flow.bind(module, "bias", 0, outputs)
    return Value(shape, 1, outputs)


def _linear(flow: Flow, node: fx.Node, module: Any, value: Value) -> Any:
    if value.labels is not None:
        if value.dim != len(value.shape) - 1:
            return f"{place(node)} acts along another dimension than the channels"
        flow.bind(module, "weight", 1, value.labels)
    outputs = flow.produced(module, module.out_features)
    flow.bind(module, "bias", 0, outputs)
    return Value(flow.shape(node), len(flow.shape(node)) - 1, outputs)


def _norm(flow: Flow, node: fx.Node, module: Any, value: Value) -> Any:
    if value.labels is None:
        return Value(flow.shape(node))
    if value.dim != 1:
        return f"{place(node)} normalises along another dimension than the channels"
    names = [name for name in ("weight", "bias", "running_mean", "running_var") if getattr(module, name) is not None]
    for name in names:
        flow.bind(module, name, 0, value.labels)
    if not names:
        flow.labels.bind(f"{node.target}.num_features", 0, value.labels)
    return Value(flow.shape(node), 1, value.labels)


def _prelu(flow: Flow, node: fx.Node, module: Any, value: Value) -> Any:
    if value.labels is not None and module.num_parameters > 1:
        if value.dim != 1:
            return f"{place(node)} acts along another dimension than the channels"
        flow.bind(module, "weight", 0, value.labels)
    return channelwise(flow, node)


_LAYERS: dict[type[nn.Module], Callable[[Flow, fx.Node, Any, Value], Any]] = {
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    **dict.fromkeys(_NORMS, _norm),
    **dict.fromkeys(_CHANNELWISE, lambda flow, node, module, value: channelwise(flow, node)),
    nn.Linear: _linear,
    nn.PReLU: _prelu,
    nn.Flatten: lambda flow, node, module, value: flatten(flow, node, module.start_dim, module.end_dim),
}


def resize(module: nn.Module) -> None:
    """Make the sizes that a layer states those of its tensors."""
    if isinstance(module, _CONVOLUTIONS):
        outputs, inputs = module.weight.shape[:2]
        if module.groups > 1:
            module.groups = outputs // (module.out_channels // module.groups)
        module.out_channels, module.in_channels = outputs, inputs * module.groups
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, _NORMS):
        module.num_features = len(module.weight if module.weight is not None else module.running_mean)
    elif isinstance(module, nn.PReLU):
        module.num_parameters = len(module.weight)
