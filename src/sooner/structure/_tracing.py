"""The graph of a model's operations, and the shape of what each gives for an example input."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from sooner._sharded import sharding
from sooner.structure._errors import StructureError


@dataclass(frozen=True)
class Trace:
    """A traced forward pass in one mode, and what `shape_of` says of each node's value."""

    graph: fx.GraphModule
    shapes: dict[fx.Node, Any]
    training: bool


def plain(model: nn.Module, who: str = "removing channels") -> nn.Module:
    """The module that holds the parameters, without the shell of a compiler or of Lightning Fabric around it.

    Raises StructureError where the shell is DDP, or the model is sharded.
    """
    found = sharding(model) if isinstance(model, nn.Module) else None
    if found is not None:
        raise StructureError(
            f"{who} needs each weight whole in one process, and the model is {found}: crop a model before it is "
            "sharded (precropping, then fully_shard, then the optimizer), or train it with DistributedDataParallel"
        )
    while True:
        if isinstance(model, nn.parallel.DistributedDataParallel | nn.DataParallel):
            raise StructureError(
                f"the model is wrapped in {type(model).__name__}, which keeps the shapes of the parameters that it was "
                "made with; give the module inside it, `model.module`, and wrap that again after each surgery"
            )
        if not isinstance(model, nn.Module):
            raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
        inside = (getattr(model, name, None) for name in ("_forward_module", "_orig_mod"))
        inner = next((module for module in inside if isinstance(module, nn.Module)), None)
        if inner is None:
            return model
        model = inner


def traces(model: nn.Module, inputs: Tensor) -> list[Trace]:
    """The forward pass in training and in evaluation mode, one trace where both are alike.

    Runs the model on `inputs` in evaluation mode without gradients; changes nothing in it, and leaves torch's global
    generators as they were.

    Raises StructureError naming the module in which tracing stopped, and why.
    """
    if not isinstance(inputs, Tensor) or inputs.ndim < 2:
        given = f"of shape {tuple(inputs.shape)}" if isinstance(inputs, Tensor) else f"a {type(inputs).__name__}"
        raise TypeError(f"inputs must be an example batch, a tensor (B, C, H, W) or (B, F), not {given}")
    found_traces: list[Trace] = []
    parameter = next(model.parameters(), None)
    inputs = inputs if parameter is None else inputs.to(parameter.device)
    with evaluating(model, inputs), torch.no_grad():
        for training in (True, False):
            graph = traced(model, training=training)
            if all(operations(graph) != operations(trace.graph) for trace in found_traces):
                found_traces.append(Trace(graph, _run(model, graph, inputs), training))
    return found_traces


@contextmanager
def evaluating(model: nn.Module, inputs: Tensor) -> Iterator[None]:
    """The model in evaluation mode inside; modes and torch's global generators are put back afterwards."""
    # A model may draw random numbers even in evaluation mode.
    with _modes_kept(model), torch.random.fork_rng(devices=_devices(inputs)):
        _set_mode(model, False)
        yield


def traced(model: nn.Module, *, training: bool) -> fx.GraphModule:
    """The graph of `model` in that mode, each node's `meta["module"]` the path of the module that it lies in."""
    tracer = _Tracer()
    with _modes_kept(model):
        _set_mode(model, training)
        try:
            return fx.GraphModule(model, tracer.trace(model, concrete_args=_defaults(model)))
        except Exception as error:
            where = f"'{tracer.stack[-1]}'" if tracer.stack else "the model's own forward"
            raise StructureError(
                f"{type(model).__name__} cannot be traced, it stops in {where}: {error}. Channels are removed only "
                "from models that torch.fx can trace: what forward does must not depend on the values of tensors"
            ) from error


def operations(graph: fx.GraphModule) -> list[tuple[str, ...]]:
    """What a graph does, in a form that compares equal for equal graphs."""
    return [(n.op, str(n.target), str(n.args), str(n.kwargs)) for n in graph.graph.nodes]


def shape_of(value: Any) -> Any:
    """The shape of a tensor, shapes in the same nesting for several, and None for all else."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, torch.Size):
        return None
    if isinstance(value, tuple | list):
        shapes = [shape_of(item) for item in value]
        return shapes if any(shape is not None for shape in shapes) else None
    return None


class _Tracer(fx.Tracer):
    """Remembers in which module a node was made, and where tracing was when it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        self.stack.append(self.path_of_module(m))
        result = super().call_module(m, forward, args, kwargs)
        self.stack.pop()  # not where it raises: the stack then says where that was
        return result

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        node = super().create_node(*args, **kwargs)
        node.meta["module"] = self.stack[-1] if self.stack else ""
        return node


class _Shapes(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.extra_traceback = False  # printing the whole graph takes seconds
        self.shapes: dict[fx.Node, Any] = {}
        self.at: fx.Node | None = None

    def run_node(self, n: fx.Node) -> Any:
        self.at = n
        result = super().run_node(n)
        self.shapes[n] = shape_of(result)
        return result


def _run(model: nn.Module, graph: fx.GraphModule, inputs: Tensor) -> dict[fx.Node, Any]:
    interpreter = _Shapes(graph)
    try:
        interpreter.run(inputs)
    except Exception as error:
        where = f"'{interpreter.at.target}'" if interpreter.at is not None else "its forward"
        raise StructureError(
            f"{type(model).__name__} does not run on the example inputs of shape {tuple(inputs.shape)}; in {where}: "
            f"{str(error).partition(chr(10))[0]}"
        ) from error
    return interpreter.shapes


def _defaults(model: nn.Module) -> dict[str, Any]:
    """Of what forward takes beside the inputs, the defaults: training for classes gives no other values."""
    beside = list(inspect.signature(model.forward).parameters.values())[1:]
    return {p.name: p.default for p in beside if p.default is not inspect.Parameter.empty}


def _devices(inputs: Tensor) -> list[torch.device]:
    return [inputs.device] if inputs.device.type == "cuda" else []


def _set_mode(model: nn.Module, training: bool) -> None:
    # Not model.train(), which a module may override.
    for module in model.modules():
        module.training = training


@contextmanager
def _modes_kept(model: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
