"""Follows channels through a traced model: which tensor dimensions they are, and which are coupled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from sooner.structure._constants import Constant
from sooner.structure._labels import Labels
from sooner.structure._tracing import Trace


@dataclass(frozen=True)
class Value:
    """A tensor in the graph: `labels`, one per position along dimension `dim`, or None where channels are lost."""

    shape: tuple[int, ...]
    dim: int = -1
    labels: list[int] | None = None

    @property
    def position(self) -> int:
        """Where the channels are, counted from the last dimension, as broadcasting counts."""
        return len(self.shape) - 1 - self.dim


@dataclass(frozen=True)
class Sizes:
    """The shape of a tensor in the graph, as `x.shape` and `x.size()` give it."""

    of: Value


class Flow:
    """What is known so far while the nodes of a graph are gone through in order.

    Attributes:
        labels: of all channels.
        modules: of the model, by path.
        handled: layers of which all tensors with channels are bound to them.
        read: where a tensor of the model is read other than by its layer, by the tensor's name.
        refused: why the operations are not known that are not.
        constants: channels that the model adds itself.
        training: the mode of the graph that is gone through.
    """

    def __init__(self, model: nn.Module, labels: Labels) -> None:
        self.labels = labels
        self.modules = dict(model.named_modules(remove_duplicate=False))
        self.handled: set[nn.Module] = set()
        self.read: dict[str, str] = {}
        self.refused: list[str] = []
        self.constants: list[Constant] = []
        self.training = True
        self._names = {id(tensor): name for name, tensor in tensors(model)}
        self._shapes: dict[fx.Node, Any] = {}
        self._values: dict[fx.Node, Any] = {}

    def through(self, trace: Trace, rule: Any) -> None:
        """Go through all nodes; `rule(flow, node)` gives the value of an operation, or a reason for not knowing it."""
        self._shapes, self._values, self.training = trace.shapes, {}, trace.training
        for node in trace.graph.graph.nodes:
            if node.op == "placeholder":
                self._values[node] = self._inputs(node)
            elif node.op == "output":
                for value in self.tensors_in(node.args):
                    self.fix(value, "the model's output")
            else:
                value = rule(self, node)
                self._values[node] = self.unknown(node, value) if isinstance(value, str) else value

    def value(self, argument: Any) -> Any:
        """What an argument of a node is: a `Value`, `Sizes`, a nesting of them, or the argument itself."""
        if isinstance(argument, fx.Node):
            return self._values[argument]
        if isinstance(argument, tuple | list):
            return [self.value(item) for item in argument]
        return argument

    def tensors_in(self, arguments: Any) -> Iterator[Value]:
        """All tensors in a nesting of arguments."""
        value = self.value(arguments)
        if isinstance(value, Value | Sizes):
            yield value if isinstance(value, Value) else value.of
        elif isinstance(value, tuple | list):
            for item in value:
                yield from self.tensors_in(item)
        elif isinstance(value, dict):
            for item in value.values():
                yield from self.tensors_in(item)

    def shape(self, node: fx.Node) -> Any:
        """The shape that `node` gives; see `shape_of`."""
        return self._shapes.get(node)

    def fix(self, value: Value, reason: str) -> None:
        """These channels cannot be removed."""
        if value.labels is not None:
            self.labels.fix(value.labels, reason)

    def unknown(self, node: fx.Node, reason: str) -> Any:
        """Keep all channels that go into `node`, for that reason; what it gives are no channels that are known."""
        if reason not in self.refused:
            self.refused.append(reason)
        for value in self.tensors_in([node.args, dict(node.kwargs)]):
            self.fix(value, reason)
        return _lost(self.shape(node))

    def bind(self, module: nn.Module, name: str, dim: int, labels: Iterable[int]) -> None:
        """A dimension of a layer's own tensor is these channels; nothing where the layer has no such tensor."""
        tensor = getattr(module, name, None)
        if tensor is not None:
            self.labels.bind(self._names[id(tensor)], dim, list(labels))

    def produced(self, module: nn.Module, n: int) -> list[int]:
        """The labels of a layer's `n` output channels."""
        return self.labels.bound_or_fresh(self._names[id(module.weight)], 0, n)

    def computed(self, module: nn.Module) -> str | None:
        """The name of a tensor of the layer that is no parameter or buffer of its own, if there is one."""
        for name in ("weight", "bias", "running_mean", "running_var"):
            tensor = getattr(module, name, None)
            if tensor is not None and tensor is not module._parameters.get(name, module._buffers.get(name)):
                return name
        return None

    def _inputs(self, node: fx.Node) -> Any:
        shape = self.shape(node)
        if not isinstance(shape, tuple) or len(shape) < 2:
            return _lost(shape)
        value = Value(shape, 1, self.labels.fresh(shape[1]))
        self.fix(value, "the model's input")
        return value


def tensors(model: nn.Module, *, all_names: bool = False) -> Iterator[tuple[str, Tensor]]:
    """Parameters and buffers by name; one that several modules share under its first name alone, or under all."""
    yield from model.named_parameters(remove_duplicate=not all_names)
    yield from model.named_buffers(remove_duplicate=not all_names)


def place(node: fx.Node) -> str:
    """Where a node is, in words."""
    if node.op == "call_module":
        return f"'{node.target}'"
    module = node.meta.get("module")
    return f"'{module}'" if module else "the model's own forward"


def called(node: fx.Node) -> str:
    """What an operation is called."""
    if isinstance(node.target, str):
        return node.target
    name = getattr(node.target, "__name__", str(node.target))
    return f"torch.{name}" if getattr(torch, name, None) is node.target else name


def _lost(shape: Any) -> Any:
    if isinstance(shape, list):
        return [_lost(item) for item in shape]
    return None if shape is None else Value(shape)
