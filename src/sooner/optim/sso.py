"""SSO: several steps on a cheap surrogate for one gradient of the loss."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from sooner._arguments import whole_number
from sooner.optim._base import SeveralPasses, Wrapper
from sooner.optim._checks import check_flag, check_positive
from sooner.optim.lookahead import Lookahead
from sooner.registry import Method, register
from sooner.seams import Use

_SUFFICIENT = 0.5  # share of the predicted decrease that the line search asks for
_SHRINK = 0.5
_TRIALS = 20


class SSO(Wrapper, SeveralPasses):
    """Surrogate optimization in target space: the loss is differentiated once, by the outputs, for `steps` steps.

    With outputs z_t = z(theta_t) of a batch of B and G = dL/dz at z_t, the inner optimizer takes `steps` steps on

        <G, z(theta)> + 1 / (2 eta B) ||z(theta) - z_t||^2.

    For a mean loss this is the mean over examples of <d, z> + ||z - z_t||^2 / (2 eta) with d the gradient of one
    example's loss by its outputs, as in the paper; weights of examples are in G. The surrogate's gradient at theta_t is
    the loss's own, so with steps=1 this is the inner optimizer. Softmax cross-entropy is 1/2-smooth in the logits: with
    the default eta=2 the surrogate bounds the loss of the batch from above, and lowering it lowers the loss.

    Source: Lavington, Vaswani, Babanezhad, Schmidt and Le Roux, Target-based Surrogates for Stochastic Optimization,
    ICML 2023, algorithm 1. The published code weighs <G, z> by 1/eta in place of the distance and takes the mean over
    B times C entries, so its eta is another number. The paper's inner steps are of gradient descent with an Armijo line
    search: `line_search=True` with `sgd`, momentum 0. Each step is then the inner optimizer's, halved up to 20 times
    until the surrogate falls by half of what its slope predicts, and taken back if it never does; the search starts
    again from the learning rate at every step, so make that large. Without it, steps are at the learning rate as it is.

    It is worth its forward passes where the loss is dear (a simulator, a teacher, a solver) and the model cheap.
    Dropout and batch norm make z(theta) differ between inner passes by more than theta; the latter's statistics see
    the batch `steps` times.

    Args:
        optimizer: the inner one; Lookahead may be around it, then it counts inner steps, without a line search.
        steps: m of the paper, at least 1.
        eta: step size in output space, above 0.
        line_search: see above; on one process only.

    Costs per step: one evaluation of the loss, `steps` passes forward and backward, with a line search one more forward
    and one for each halving. Call `step(forward, loss)`; hooks on the step go to the inner optimizer and run at each
    inner step.
    """

    outermost = True

    def __init__(self, optimizer: Optimizer, steps: int = 10, eta: float = 2.0, line_search: bool = False) -> None:
        super().__init__(optimizer)
        self.steps = whole_number("steps", steps, least=1)
        self.eta = check_positive("eta", eta)
        self.line_search = check_flag("line_search", line_search)
        inner = self.optimizer
        while isinstance(inner, Wrapper):
            if self.line_search and isinstance(inner, Lookahead):
                raise ValueError("line_search cannot shorten a step that Lookahead takes back; leave one of them out")
            inner = inner.optimizer

    @property
    def passes(self) -> int | None:
        """`steps`; None with a line search."""
        return None if self.line_search else self.steps

    def step(  # type: ignore[override]  # it needs more than a closure
        self,
        forward: Callable[[], Tensor] | None = None,
        loss: Callable[[Tensor], Tensor] | None = None,
        backward: Callable[[Tensor], Any] = Tensor.backward,
    ) -> float | Tensor:
        """One step: `steps` inner ones. Gradients are cleared before each, and are the last one's afterwards.

        Args:
            forward: gives the outputs (B, ...) with their graph; called `steps` times or more, always on this batch.
            loss: gives the scalar loss of such outputs; called once.
            backward: fills the gradients from a scalar, such as `fabric.backward`.

        Returns the loss before the step, a detached scalar.
        """
        if not callable(forward) or not callable(loss):
            raise TypeError("SSO.step needs forward() -> outputs and loss(outputs) -> scalar, not a closure or nothing")
        if self.line_search and _processes() > 1:
            raise RuntimeError("line_search is for one process: each would choose a step length of its own")
        with torch.enable_grad():
            outputs = _wide(forward())
            start = outputs.detach()
            leaf = start.clone().requires_grad_()
            value = loss(leaf)
            if value.ndim != 0:
                raise ValueError(f"loss must give a scalar, not a tensor of shape {tuple(value.shape)}")
            (slope,) = torch.autograd.grad(value, leaf)

            def surrogate(z: Tensor) -> Tensor:
                return (slope * z).sum() + (z - start).square().sum() / (2 * self.eta * len(start))

            current: Tensor | None = surrogate(outputs)
            for _ in range(self.steps):
                current = surrogate(_wide(forward())) if current is None else current
                self.zero_grad()
                backward(current)
                if self.line_search:
                    current = self._searched(current.detach(), lambda: surrogate(_wide(forward())))
                else:
                    self.optimizer.step()
                    current = None
        return value.detach()

    def _searched(self, before: Tensor, surrogate: Callable[[], Tensor]) -> Tensor | None:
        """One inner step, shortened until the surrogate falls enough. Returns its value there, with the graph."""
        parameters = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        origin = [parameter.detach().clone() for parameter in parameters]
        self.optimizer.step()
        with torch.no_grad():
            moves = [p - o for p, o in zip(parameters, origin, strict=True)]
            rises = [(p.grad.conj() * move).sum() for p, move in zip(parameters, moves, strict=True)]
            # A step with momentum may lead uphill; then the surrogate just must not rise.
            predicted = torch.stack([rise.real for rise in rises]).sum().clamp(max=0)
            before = before + 4 * torch.finfo(before.dtype).eps * before.abs()  # what rounding may make of no change
        scale = 1.0
        for _ in range(_TRIALS):
            value = surrogate()
            if value.detach() <= before + _SUFFICIENT * scale * predicted:
                return value
            scale *= _SHRINK
            self._place(parameters, origin, moves, scale)
        self._place(parameters, origin, moves, 0.0)
        return None

    @staticmethod
    @torch.no_grad()
    def _place(parameters: list[Tensor], origin: list[Tensor], moves: list[Tensor], scale: float) -> None:
        torch._foreach_copy_(parameters, origin)
        if scale:
            torch._foreach_add_(parameters, moves, alpha=scale)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """A hook before each inner step, with the inner optimizer; masks of gradients so act on all of them."""
        return self.optimizer.register_step_pre_hook(hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """A hook after each inner step, with the inner optimizer."""
        return self.optimizer.register_step_post_hook(hook)


def _wide(outputs: Tensor) -> Tensor:
    """In float32 at least: under autocast the way from the outputs at the start would be lost in rounding."""
    if outputs.is_complex():
        raise TypeError("SSO takes outputs that are real: let the model end with abs() or torch.view_as_real")
    return outputs if outputs.dtype == torch.float64 else outputs.float()


def _processes() -> int:
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if distributed else 1


register(
    Method(
        name="sso",
        seam="optim",
        make=SSO,
        title="SSO, target-based surrogates",
        paper="Lavington et al., Target-based Surrogates for Stochastic Optimization",
        year=2023,
        changes="One gradient of the loss by the outputs serves several steps on a quadratic surrogate of it.",
        costs="As many passes forward and backward as inner steps, for one evaluation of the loss.",
        helps="Where the loss is dear and the model cheap: simulators, solvers, imitation of an expert.",
        hurts="Where the model is the cost, as in classification: each inner step costs as much as a step.",
        many=True,
        stage=2,
        exempt=MappingProxyType({"accumulation": "it takes its batch whole, and keeps the outputs of all of it"}),
        use=Use(
            name="optimizer",
            backward=(
                "forward = lambda: model(batch.inputs)",
                "loss = lambda outputs: cross_entropy(outputs, batch.targets)",
            ),
            update=("optimizer.step(forward, loss)  # passes the batch through several times",),
        ),
    )
)
