"""Channels that a model adds as constants, and the attribute that says how many they are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import fx, nn

from sooner.structure._tracing import operations, traced


@dataclass(frozen=True)
class Constant:
    """Constant channels that `F.pad` adds, as option A's shortcuts do in residual nets (He et al. 2016).

    Attributes:
        module: path of the module whose forward pads.
        node: the name of the operation in the graph.
        entry: which number of the padding says how many.
        labels: of the channels that are added.
        training: whether the graph is that of training mode.
    """

    module: str
    node: str
    entry: int
    labels: list[int]
    training: bool


def attribute_of(model: nn.Module, constant: Constant) -> str | None:
    """The integer attribute of the module that is the number of these channels and nothing else, or None.

    Found by trial: the attribute made larger by one must change that number in the traced graph, and nothing else.
    """
    owner = model.get_submodule(constant.module)
    before = traced(model, training=constant.training)
    for name, value in list(vars(owner).items()):
        if type(value) is not int or value != len(constant.labels):
            continue
        setattr(owner, name, value + 1)
        try:
            after = traced(model, training=constant.training)
        except Exception:
            continue
        finally:
            setattr(owner, name, value)
        if _grown(before, constant) == operations(after):
            return name
    return None


def _grown(graph: fx.GraphModule, constant: Constant) -> list[tuple[str, ...]]:
    expected = []
    for node, operation in zip(graph.graph.nodes, operations(graph), strict=True):
        if node.name == constant.node:
            if len(node.args) < 2 or not isinstance(node.args[1], tuple):
                return []
            padding = list(node.args[1])
            padding[constant.entry] += 1
            arguments = (node.args[0], tuple(padding), *node.args[2:])
            operation = (operation[0], operation[1], str(arguments), operation[3])
        expected.append(operation)
    return expected
