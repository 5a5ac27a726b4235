"""The sparsity protocol: which weights are alive. Masks on a model that an ordinary optimizer trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from sooner._arguments import number, share, whole_number
from sooner._modules import unwrapped
from sooner._sharded import is_sharded, refuse_sharded
from sooner.random import generator
from sooner.sparsity._describing import differences, expression, options
from sooner.sparsity._hooks import Hooks
from sooner.sparsity._layers import chain, clear, maskable
from sooner.sparsity.distributions import Distribution, alive, counts

_WHOLE = (
    "train it with DistributedDataParallel, where every process masks the same whole weights, or leave the masks out"
)


class SparseTraining:
    """Masks over the weights of a model, kept while it is trained.

    Masks are a score, a distribution over layers, a schedule and an update; a method chooses these four. In a loop:

        sparsity = RigL(model, optimizer, density=0.1, seed=0)  # masks the model now
        ...
        loss.backward()
        optimizer.step()
        sparsity.step(progress)  # before gradients are cleared; progress in [0, 1] of the run, this step included

    What is masked: the weights of `Linear` and `Conv` layers (1 to 3 dimensions, transposed ones too) that are trained,
    the classifier's among them, so `density` is a share of all of these. Biases, norms, embeddings, frozen weights
    and the packed `in_proj_weight` of torch's `MultiheadAttention` are not, nor layers in `exclude`. A weight that
    layers share is masked, and counted, once. Masks say what is dead; a live weight may happen to be 0.

    How it acts: a hook before the optimizer's step keeps the gradients of dead weights where the method grows by them,
    then multiplies all gradients by the masks, so dead weights get no momentum and norms inside the optimizer are
    those of live weights. `step` sets dead weights to 0 (some optimizers move them without a gradient), and when it
    is time changes the masks: new weights start at 0, and what the optimizer remembers of entries that died or
    began to live is set to 0 (floating-point state of the weight's shape). To clip gradients by the norm of live
    weights alone, call `mask_gradients` before, after `GradScaler.unscale_` where there is one.

    With several processes every one makes its own, with the same seed on the same weights. Masks then stay equal as
    long as gradients are averaged before the optimizer's step, which DDP does. A model whose weights are sharded (FSDP,
    tensor parallelism) is refused.

    Masks alone do not make a step faster: dense kernels multiply by the zeros. On convnet-16 (246,000 masked weights,
    a tenth alive; one core, batches of 128 images of 28x28) a step took 1.004 times as long with masks as without, some
    0.26 s; masking is 0.15 ms of it, and moving the masks, where a method does, 15 ms once every 100 steps. Costs 1
    byte and one number of the weight's type for each masked weight, and two products of that size per step.

    Args:
        model: the module that is trained; a wrapper of DDP or `torch.compile` is looked through. Masked in place.
        optimizer: over its parameters, wrappers included. Another `SparseTraining` on it is removed.
        density: share of the masked weights alive at the end, above 0 and at most 1: exactly round(density * all).
        seed: any integer.
        exclude: names of layers, or of modules around them, that are left dense.

    Attributes:
        version: rises with each change of the masks.

    Raises:
        TypeError, ValueError: an argument out of range; no layer of a name; a weight that the optimizer does not train;
            a model that is sharded.
    """

    grows_by_gradient: ClassVar[bool] = False

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        self.target = share("density", density)
        self.seed = whole_number("seed", seed)
        self.model = unwrapped(model)
        refuse_sharded(type(self).__name__, self.model, _WHOLE)
        self.optimizer = optimizer
        self._layers = maskable(self.model, exclude)
        self.exclude = tuple(exclude)
        trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        lost = [name for name, weight in self._weights() if id(weight) not in trained]
        if lost:
            raise ValueError(
                f"the optimizer does not train the weights of {', '.join(lost)}: give it these weights, freeze them "
                "with requires_grad_(False), or add the layers to exclude"
            )
        self._sizes = {name: weight.numel() for name, weight in self._weights()}
        self._goal = alive(self._sizes, self.target)
        self._masks: dict[str, Tensor] = {}
        self._factors: dict[str, Tensor] = {}  # the masks as numbers: products of one type are several times as fast
        self._dense: dict[str, Tensor] = {}  # gradients of this step as they were before the masks
        self._steps = self._updated = self.version = 0
        self._progress = 0.0

    # What a method defines.

    def _due(self, steps: int, progress: float) -> bool:
        """Whether the masks change after step number `steps`, which brings the run to `progress`."""
        return False

    def _update(self, progress: float) -> dict[str, Tensor] | None:
        """The next masks, or None to be asked again after the next step."""
        return None

    def _extra_state(self) -> dict[str, Any]:
        return {}

    def _load_extra_state(self, state: Mapping[str, Any]) -> None:
        pass

    # What users call.

    @property
    def masks(self) -> dict[str, Tensor]:
        """Layer to bool of the shape of its weight, True where alive. Never written to: a change makes new ones."""
        return dict(self._masks)

    @property
    def density(self) -> float:
        """Share of the masked layers' weights that is alive now."""
        return self._live / sum(self._sizes.values())

    @property
    def densities(self) -> dict[str, float]:
        """The same of each layer."""
        return {name: int(mask.sum()) / mask.numel() for name, mask in self._masks.items()}

    @torch.no_grad()
    def step(self, progress: float) -> None:
        """Act after the optimizer's step and before gradients are cleared.

        Args:
            progress: share of the run that is over, this step included, in [0, 1].

        Raises:
            ValueError: `progress` out of range, or a layer's weight has another shape than its mask.
            RuntimeError: it was removed.
        """
        progress = number("progress", progress, 0.0, 1.0)
        if not self._hooks.attached:
            raise RuntimeError(
                f"this {type(self).__name__} was removed from its optimizer, or another took its place; make it again"
            )
        self.mask_weights()
        self._steps += 1
        if self._due(self._steps, progress):
            masks = self._update(progress)
            if masks is not None:
                self._adopt(masks)
                self._updated = self._steps
        self._dense.clear()
        self._progress = progress

    @torch.no_grad()
    def mask_gradients(self) -> None:
        """Multiply the gradients by the masks. The optimizer's hook does it, so this is only for clipping before it."""
        trained = [(name, weight, weight.grad) for name, weight in self._weights() if weight.grad is not None]
        if self.grows_by_gradient and self._due(self._steps + 1, self._progress):
            scales = (getattr(optimizer, "grad_scale", None) for optimizer in chain(self.optimizer))
            scale = next((scale for scale in scales if scale is not None), None)  # a fused optimizer unscales by itself
            for name, _, gradient in trained:
                if name not in self._dense:
                    self._dense[name] = gradient.clone() if scale is None else gradient / scale.to(gradient.device)
        if trained:
            factors = [self._factor(name, weight) for name, weight, _ in trained]
            torch._foreach_mul_([gradient for _, _, gradient in trained], factors)

    def remove(self) -> None:
        """Take the hooks off the optimizer. Dead weights stay 0 until they are trained again."""
        self._hooks.remove()

    def state_dict(self) -> dict[str, Any]:
        """Masks, counters and arguments: plain values and tensors. The weights are the model's to save."""
        return {
            "method": type(self).__name__,
            "options": options(self),
            "masks": dict(self._masks),
            "steps": self._steps,
            "updated": self._updated,
            "progress": self._progress,
            **self._extra_state(),
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the `state_dict` of one made with the same arguments; the model's weights are masked at once.

        Load the model and the optimizer, in any order, as well.

        Raises:
            ValueError: the state is that of another method, of other arguments or of other layers.
        """
        if not {"method", "options", "masks", "steps", "updated", "progress"} <= set(state):
            raise ValueError(f"the state of sparse training has masks, steps and options; this one has {sorted(state)}")
        differing = differences(
            {"method": state["method"], **state["options"]}, {"method": type(self).__name__, **options(self)}
        )
        if differing:
            raise ValueError(f"the state belongs to other masks: {', '.join(differing)}; make it with these arguments")
        there = {name: tuple(mask.shape) for name, mask in state["masks"].items()}
        here = {name: tuple(weight.shape) for name, weight in self._weights()}
        if there != here:
            raise ValueError(f"the state belongs to other layers: {there} there and {here} here")
        self._steps, self._updated = int(state["steps"]), int(state["updated"])
        self._progress = float(state["progress"])
        self._masks = {}  # what the optimizer remembers goes with these masks, not with new ones
        self._adopt(state["masks"])
        self._load_extra_state(state)

    # What methods use.

    def _weights(self) -> Iterator[tuple[str, nn.Parameter]]:
        for name, module in self._layers.items():
            yield name, cast(nn.Parameter, module.weight)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(weight.shape) for name, weight in self._weights()}

    def _random(self, density: float, distribution: Distribution | Mapping[str, float]) -> dict[str, Tensor]:
        """Random masks; with one seed and distribution, those of every method are the same."""
        masks = {}
        for name, count in counts(self._shapes(), density, distribution).items():
            order = torch.randperm(self._sizes[name], generator=generator(self.seed, "masks", name))
            mask = torch.zeros(self._sizes[name], dtype=torch.bool)
            mask[order[:count]] = True
            masks[name] = mask
        return masks

    def _gradients(self) -> dict[str, Tensor] | None:
        """Each layer's gradient before the masks; None where this step had none, or not a finite one."""
        if not self._dense or not all(bool(gradient.isfinite().all()) for gradient in self._dense.values()):
            return None  # a step that the loss scaler skipped
        return {name: self._dense.get(name, torch.zeros_like(weight)) for name, weight in self._weights()}

    @torch.no_grad()
    def _begin(self, masks: Mapping[str, Tensor]) -> None:
        """Put the first masks and the hooks in place."""
        self._adopt(masks)
        self._hooks = Hooks(chain(self.optimizer), self.mask_gradients)

    def _adopt(self, masks: Mapping[str, Tensor]) -> None:
        for name, weight in self._weights():
            # In the layout of the weight in memory: products of two layouts take about twice as long.
            mask = torch.empty_like(weight, dtype=torch.bool).copy_(masks[name].view(weight.shape))
            old = self._masks.get(name)
            changed = ~mask if old is None else (old.to(weight.device) ^ mask) | ~mask
            self._masks[name] = mask
            weight.mul_(self._factor(name, weight, fresh=True))
            clear(chain(self.optimizer), weight, changed)
        self._live = sum(int(mask.sum()) for mask in self._masks.values())
        self.version += 1

    @torch.no_grad()
    def mask_weights(self) -> None:
        """Set the dead weights to 0: after anything but a step has written them."""
        weights: list[Tensor] = [weight for _, weight in self._weights()]
        torch._foreach_mul_(weights, [self._factor(name, weight) for name, weight in self._weights()])

    def _factor(self, name: str, weight: Tensor, fresh: bool = False) -> Tensor:
        mask, factor = self._masks[name], self._factors.get(name)
        if is_sharded(weight):
            refuse_sharded(type(self).__name__, self.model, _WHOLE)
        if mask.shape != weight.shape:
            raise ValueError(
                f"layer '{name}' now has a weight of shape {tuple(weight.shape)}, its mask one of {tuple(mask.shape)}: "
                "change the model's shape before the masks are made"
            )
        if fresh or factor is None or factor.device != weight.device or factor.dtype != weight.dtype:
            self._masks[name] = mask.to(weight.device)
            factor = self._factors[name] = self._masks[name].to(weight.dtype)
        return factor

    def __repr__(self) -> str:
        return expression(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_hooks": self._hooks.attached, "_factors": {}, "_dense": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._hooks = Hooks(chain(self.optimizer), self.mask_gradients)  # an optimizer is saved without its hooks
        if not state["_hooks"]:
            self._hooks.remove()
