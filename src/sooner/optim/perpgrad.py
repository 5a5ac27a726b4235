"""perpGrad: gradients without their part along the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.optim import Optimizer

from sooner._arguments import one_of, whole_number
from sooner.optim._base import Wrapper
from sooner.optim._checks import by_device, with_gradients
from sooner.optim._gradients import gradients
from sooner.registry import Method, register

Norm = Literal["restored", "as-is"]


class PerpGrad(Wrapper):
    """Each tensor's gradient becomes g' = g - (g . w) / (w . w) w before the inner optimizer's step.

    Weights that only grow along themselves make the logits larger and the softmax loss smaller without changing any
    answer, until it underflows. This takes that direction away.

    Source: Prieto, Barsbey, Mediano and Birdal, Grokking at the Edge of Numerical Stability, ICLR 2025.
    The paper's formula is norm="as-is". The published code also gives g' the length of g, norm="restored", as
    `pytorch_optimizer.OrthoGrad` does; with Adam, which scales gradients itself, they differ little. As in that code
    the projection is of each tensor by itself, biases and norms included; `dimensions=2` leaves those as they are.

    Where w is 0 there is nothing to take away: g' = g. Where g is 0, or along w up to rounding, g' is 0; the published
    code blows the rounding error up to the length of g. A tensor of a single value, which would never move, keeps its
    gradient. Half-precision gradients are projected in float32. Weight decay of the inner optimizer acts afterwards, so
    it still shrinks weights.

    Args:
        optimizer: the inner one.
        norm: "restored" or "as-is".
        dimensions: of a tensor to be projected, at least; 1 or more.

    Costs one copy of the gradients for the time of the step and two passes over them. `parameter.grad` is afterwards
    what it was. Takes no sparse gradients.
    """

    def __init__(self, optimizer: Optimizer, norm: Norm = "restored", dimensions: int = 1) -> None:
        super().__init__(optimizer)
        self.norm = one_of("norm", norm, get_args(Norm))
        self.dimensions = whole_number("dimensions", dimensions, least=1)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of the inner optimizer along the projected gradients. Returns what `closure` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        replaced: list[tuple[Tensor, Tensor]] = []
        for group in self.param_groups:
            projecting = (p for p in with_gradients(group, "perpgrad")[0] if self._projects(p))
            for parameters in by_device(projecting):
                replaced += zip(parameters, self._projected(parameters), strict=True)
        with gradients(replaced):
            self.optimizer.step()
        return loss

    def _projects(self, parameter: Tensor) -> bool:
        return parameter.ndim >= self.dimensions and parameter.numel() > 1

    def _projected(self, parameters: list[Tensor]) -> list[Tensor]:
        weights = [_wide(parameter) for parameter in parameters]
        given = [_wide(parameter.grad) for parameter in parameters if parameter.grad is not None]
        squared = torch.stack([torch.dot(w, w) for w in weights])
        along = torch.stack([torch.dot(w, g) for w, g in zip(weights, given, strict=True)]) / squared
        along = along.where(squared > 0, 0.0)
        across = list(torch._foreach_sub(given, torch._foreach_mul(weights, along.unbind())))
        before, after = torch.stack(torch._foreach_norm(given)), torch.stack(torch._foreach_norm(across))
        scale = before / after if self.norm == "restored" else torch.ones_like(after)
        # What rounding leaves of a gradient along the weights is no direction.
        scale = scale.where(after > 4 * torch.finfo(after.dtype).eps * before, 0.0)
        torch._foreach_mul_(across, scale.unbind())
        return [_like(g, parameter) for g, parameter in zip(across, parameters, strict=True)]


def _wide(tensor: Tensor) -> Tensor:
    """(n,) the values, of float32 at least; of complex numbers both parts."""
    real = torch.view_as_real(tensor.detach()) if tensor.is_complex() else tensor.detach()
    flat = real.reshape(-1)
    return flat if flat.dtype == torch.float64 else flat.float()


def _like(flat: Tensor, parameter: Tensor) -> Tensor:
    """The gradient that `_wide` flattened, in the parameter's shape, dtype and memory layout."""
    if flat.dtype == parameter.dtype and parameter.is_contiguous():
        return flat.view(parameter.shape)
    gradient = torch.empty_like(parameter)
    (torch.view_as_real(gradient) if gradient.is_complex() else gradient).copy_(
        flat.view(*parameter.shape, 2) if gradient.is_complex() else flat.view(parameter.shape)
    )
    return gradient


register(
    Method(
        name="perpgrad",
        seam="optim",
        make=PerpGrad,
        title="perpGrad, gradients orthogonal to the weights",
        paper="Prieto, Barsbey, Mediano and Birdal, Grokking at the Edge of Numerical Stability",
        year=2025,
        changes="Each tensor's gradient loses its part along the weights.",
        costs="A copy of the gradients and two passes over them per step.",
        helps="Small algorithmic data, where training accuracy is perfect long before the rest generalises.",
        hurts="Against a searched weight decay little of its gain is left; weights that must grow do so slowly.",
        many=True,
        stage=0,
    )
)
