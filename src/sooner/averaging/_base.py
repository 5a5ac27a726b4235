"""The averaging protocol: a mean of the weights that training passes through, evaluated in place of the last ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sooner._arguments import arguments
from sooner._modules import unwrapped
from sooner._sharded import is_flattened, is_sharded, parts, reshard

# What cannot go with any averaging, and why.
REFUSES = MappingProxyType({"structure/channel-pruning": "a mean needs tensors that keep their shapes"})

_SHARD_FIRST = "shard the model (fully_shard) before the average is made, and load a state into one sharded alike"
_WIDE = (torch.float32, torch.float64, torch.complex64, torch.complex128)


class Masks(Protocol):
    """Which weights are alive; see `sooner.sparsity.SparseTraining`. `version` rises with each change."""

    @property
    def version(self) -> int: ...
    def mask_weights(self) -> None: ...


class Averaging(ABC):
    """A mean of a model's weights beside the model, which trains on untouched. Whoever trains

    1. calls `step(progress)` after each of the optimizer's steps;
    2. evaluates, saves and exports inside `with averaging.applied():`, where the model has the mean's weights.

    Floating-point buffers, such as the running statistics of batch norm, are averaged with the parameters. Others (a
    count of batches) are the model's own, and so are those that are not finite all over when the first weights are
    taken (a mask of -inf for attention): infinities have no mean. The mean is held in float32 where the model is
    narrower. It is as large as the model, and `applied` needs as much again while it lasts.

    A subclass keeps each argument of its constructor but the model and the batches as an attribute of the same name.

    Args:
        model: trained in place; of one wrapped for distributed training or compiled, the module inside. Its tensors
            must keep their shapes. Where `fully_shard` (FSDP2) is to shard it, that comes first; each process then has
            the mean of its parts, and a state is of them, as of the model's. `FullyShardedDataParallel` is refused.

    Attributes:
        masks: where masks move while training goes on, the `SparseTraining` that has them, or None. The mean of a
            weight that is dead now is not 0; inside `applied` it is.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = unwrapped(model)
        if is_flattened(self.model):
            raise TypeError(
                f"{type(self).__name__} averages the model's own tensors, and FullyShardedDataParallel (FSDP1) makes "
                "vectors of them, in parts: shard with fully_shard (FSDP2), of whose parts each process has the mean"
            )
        self.masks: Masks | None = None
        self.taken = 0  # how many weights the mean has seen
        self._mean: dict[str, Tensor] = {}
        self._own: frozenset[str] = frozenset()  # floating-point buffers without a mean

    @abstractmethod
    def step(self, progress: float) -> None:
        """Take note of the weights as they are. `progress` in [0, 1] is the share of the budget spent with this step.

        Called on every rank, whose weights are alike.
        """

    def prepare(self) -> None:  # noqa: B027  most need nothing
        """What has to be done once before the mean is evaluated, where a method needs passes over data for it.

        `applied` calls it; a clock that is to count it calls it before.
        """

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the model has the mean's weights; then its own again, to the bit. Before the first, its own."""
        if not self.taken:
            yield
            return
        self.prepare()
        with self._swapped():
            yield

    @contextmanager
    def _swapped(self) -> Iterator[None]:
        reshard(self.model)
        everything = {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}
        own = {name: tensor.detach().clone() for name, tensor in everything.items()}
        try:
            _copy(self._mean, everything)
            if self.masks is not None:
                self.masks.mask_weights()
            yield
        finally:
            reshard(self.model)  # or the next pass would go on with the mean's weights, put together inside
            _copy(own, everything)

    def _take(self, share: float) -> None:
        """Move the mean by `share`, in [0, 1], of the way to the present weights; the first time it becomes them."""
        if not self.taken:
            floating = [(name, buffer) for name, buffer in self.model.named_buffers() if _is_floating(buffer)]
            self._own = frozenset(name for name, buffer in floating if not _wide(buffer).isfinite().all())
        tensors = self._tensors()
        if not self.taken:
            self._mean = {name: _wide(tensor) for name, tensor in tensors.items()}
        else:
            mean = [self._of(name, tensor) for name, tensor in tensors.items()]
            present = [tensor.detach().to(each.dtype) for each, tensor in zip(mean, tensors.values(), strict=True)]
            torch._foreach_lerp_(parts(mean), parts(present), share)
        self.taken += 1

    def _of(self, name: str, tensor: Tensor) -> Tensor:
        mean = self._mean.get(name)
        if mean is None or mean.shape != tensor.shape:
            there = "is new" if mean is None else f"had the shape {tuple(mean.shape)} and has {tuple(tensor.shape)}"
            raise ValueError(f"weights are averaged while tensors stay as they are, and {name} {there}")
        if is_sharded(mean) != is_sharded(tensor):
            raise ValueError(f"{name} is {_how(tensor)} and its mean {_how(mean)}: {_SHARD_FIRST}")
        if mean.device != tensor.device:  # the model was moved
            mean = self._mean[name] = mean.to(tensor.device)
        return mean

    def _tensors(self) -> dict[str, Tensor]:
        """What is averaged, by name; tied weights once."""
        reshard(self.model)
        named = {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}
        return {name: tensor for name, tensor in named.items() if _is_floating(tensor) and name not in self._own}

    def state_dict(self) -> dict[str, Any]:
        """Everything that an exact continuation needs: how many were taken, the mean, and which buffers have none."""
        mean = {name: each.clone() for name, each in self._mean.items()}
        return {"taken": self.taken, "mean": mean, "own": sorted(self._own)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. Raises ValueError where it is not of this model."""
        before, self._own = self._own, frozenset(state["own"])
        tensors, mean = self._tensors(), state["mean"]
        wrong = sorted(
            name for name in {*tensors, *mean} if name not in mean or name not in tensors
            or mean[name].shape != tensors[name].shape
        )  # fmt: skip
        if mean and wrong:
            self._own = before
            raise ValueError(f"the mean that was saved is of another model: {', '.join(wrong[:5])} differ")
        for name, each in mean.items():
            if is_sharded(each) != is_sharded(tensors[name]):
                self._own = before
                raise ValueError(f"{name} is {_how(tensors[name])} and the mean saved {_how(each)}: {_SHARD_FIRST}")
        self.taken = int(state["taken"])
        self._mean = {name: mean[name].to(tensors[name].device, copy=True) for name in mean}

    def __repr__(self) -> str:
        """How it was made; the model by its name."""
        options = [f"{name}={value!r}" for name, value in arguments(self).items() if name not in ("model", "batches")]
        return f"{type(self).__name__}({', '.join(['model', *options])})"


def _how(tensor: Tensor) -> str:
    return "in parts, of a sharded model," if is_sharded(tensor) else "whole"


def _is_floating(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _wide(tensor: Tensor) -> Tensor:
    return tensor.detach().to(tensor.dtype if tensor.dtype in _WIDE else torch.float32, copy=True)


@torch.no_grad()
def _copy(source: Mapping[str, Tensor], into: Mapping[str, Tensor]) -> None:
    for name, tensor in source.items():
        into[name].copy_(tensor)
