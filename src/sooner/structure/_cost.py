"""What a forward pass costs."""

from __future__ import annotations

import math

from torch import Tensor, nn

from sooner.structure._tracing import traces


def flops(model: nn.Module, inputs: Tensor) -> int:
    """Floating-point operations of one example's forward pass, two for each multiply-accumulate.

    Of convolution and linear layers, which is nearly all; torch's own counter agrees, but takes seconds to load.
    """
    trace = traces(model, inputs[:1])[-1]
    total = 0
    for node in trace.graph.graph.nodes:
        layer = model.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            total += 2 * math.prod(trace.shapes[node]) * layer.weight[0].numel()
    return total
