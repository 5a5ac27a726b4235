"""The layers of ghost batch norm."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F


class _Ghosts(nn.modules.batchnorm._BatchNorm):
    """Batch norm over ghosts of the batch; parameters, buffers and evaluation are those of the plain layer.

    See `sooner.batching.ghost_batch_norm`, which makes these of a model's own layers.
    """

    ghost_size: int = 128

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, C, ...) to the same shape, dtype and memory format."""
        traced: Any = inputs
        if isinstance(traced, fx.Proxy):  # to torch.fx it is one operation, as the plain layer is
            tracer = cast(fx.Tracer, traced.tracer)
            return cast(Tensor, tracer.create_proxy("call_module", tracer.path_of_module(self), (traced,), {}))
        ghosts = len(inputs) // self.ghost_size
        if not self.training or ghosts <= 1:
            return super().forward(inputs)
        size, larger = divmod(len(inputs), ghosts)
        if inputs.device.type == "cpu":
            # About as fast as the plain layer; all at once takes two copies of the batch, and three times as long.
            plain, sizes = super().forward, [size + 1] * larger + [size] * (ghosts - larger)
            return torch.cat([plain(ghost) for ghost in torch.split(inputs, sizes)])
        cut = larger * (size + 1)
        if not larger:
            return self.all_at_once(inputs, ghosts)
        return torch.cat([self.all_at_once(inputs[:cut], larger), self.all_at_once(inputs[cut:], ghosts - larger)])

    def all_at_once(self, inputs: Tensor, ghosts: int) -> Tensor:
        """A batch that divides evenly, in one pass: for devices on which every call costs a launch.

        The ghosts become more channels of a smaller batch. They are consecutive examples, so it takes two copies.
        """
        self._check_input_dim(inputs)  # type: ignore[no-untyped-call]
        if self.running_mean is None or self.running_var is None:
            return self._normalised(inputs, ghosts, None, None)
        mean, variance = (torch.zeros_like(self.running_mean).repeat(ghosts) for _ in range(2))
        outputs = self._normalised(inputs, ghosts, mean, variance)
        with torch.no_grad():
            kept, factors = self._factors(ghosts)
            self.running_mean.mul_(kept).add_(factors @ mean.view(ghosts, -1))
            self.running_var.mul_(kept).add_(factors @ variance.view(ghosts, -1))
        return outputs

    def _normalised(self, inputs: Tensor, ghosts: int, mean: Tensor | None, variance: Tensor | None) -> Tensor:
        """Also sets `mean` and the unbiased `variance`, (ghosts * C,), to those of each ghost and channel."""
        weight, bias = (None if each is None else each.repeat(ghosts) for each in (self.weight, self.bias))
        batch, channels, *space = inputs.shape
        size = batch // ghosts
        last = inputs.movedim(1, -1)
        channels_last = last.is_contiguous()  # goes through and comes out as that
        if channels_last:
            folded = last.reshape(ghosts, size, *space, channels).movedim(0, -2)
            folded = folded.reshape(size, *space, ghosts * channels).movedim(-1, 1)
        else:
            folded = inputs.reshape(ghosts, size, channels, *space).transpose(0, 1)
            folded = folded.reshape(size, ghosts * channels, *space)
        # With momentum 1 the "running" statistics are those of this batch.
        outputs = F.batch_norm(folded, mean, variance, weight, bias, True, 1.0, self.eps)
        if channels_last:
            outputs = outputs.movedim(1, -1).reshape(size, *space, ghosts, channels).movedim(-2, 0)
            return outputs.reshape(batch, *space, channels).movedim(-1, 1)
        return outputs.reshape(size, ghosts, channels, *space).transpose(0, 1).reshape(inputs.shape)

    def _factors(self, ghosts: int) -> tuple[float, Tensor]:
        """Of the running statistics as they were, and (ghosts,) of each ghost's. Counts the ghosts as batches."""
        assert self.running_mean is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += ghosts
        if self.momentum is None:
            seen = int(self.num_batches_tracked)
            return 1 - ghosts / seen, torch.full_like(self.running_mean[:1], 1 / seen).expand(ghosts)
        kept = 1 - self.momentum
        powers = [self.momentum * kept ** (ghosts - 1 - ghost) for ghost in range(ghosts)]
        return kept**ghosts, self.running_mean.new_tensor(powers)

    def extra_repr(self) -> str:
        """With the size of the ghosts."""
        return f"{super().extra_repr()}, ghost_size={self.ghost_size}"  # type: ignore[no-untyped-call]


class GhostBatchNorm1d(_Ghosts, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` over ghosts; see `ghost_batch_norm`."""


class GhostBatchNorm2d(_Ghosts, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over ghosts; see `ghost_batch_norm`."""


class GhostBatchNorm3d(_Ghosts, nn.BatchNorm3d):
    """`torch.nn.BatchNorm3d` over ghosts; see `ghost_batch_norm`."""
