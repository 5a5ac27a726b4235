"""The layers of ghost batch norm."""

from __future__ import annotations

import sys
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F


class _Ghosts(nn.modules.batchnorm._BatchNorm):
    """Batch norm over ghosts of the batch; parameters, buffers and evaluation are those of the plain layer.

    See `sooner.batching.ghost_batch_norm`, which makes these of a model's own layers.
    """

    ghost_size: int = 128

    @property
    def num_features(self) -> int:
        """As of the plain layer. Raises TypeError when `SyncBatchNorm.convert_sync_batchnorm` asks for it.

        The conversion would replace this layer as if it were a plain one, without a word, and it has no other hook.
        """
        if sys._getframe(1).f_code.co_name == "convert_sync_batchnorm":
            raise TypeError(
                f"{type(self).__name__} normalises ghosts of {self.ghost_size} examples in each process, and "
                "SyncBatchNorm the whole batch over all processes: a model can have one of them. Leave out "
                "convert_sync_batchnorm (Lightning: sync_batchnorm=True), or ghost_batch_norm"
            )
        return cast(int, self.__dict__["num_features"])

    @num_features.setter
    def num_features(self, number: int) -> None:
        self.__dict__["num_features"] = number

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, C, ...) to the same shape, dtype and memory format."""
        traced: Any = inputs
        if isinstance(traced, fx.Proxy):  # to torch.fx it is one operation, as the plain layer is
            tracer = cast(fx.Tracer, traced.tracer)
            return cast(Tensor, tracer.create_proxy("call_module", tracer.path_of_module(self), (traced,), {}))
        examples = inputs.shape[0]
        ghosts = examples // self.ghost_size
        if not self.training or ghosts <= 1:
            return super().forward(inputs)
        size, larger = examples // ghosts, examples % ghosts  # divmod does not compile for a size left open
        # A compiled graph cannot have as many calls as the batch, whose size it leaves open, has ghosts.
        if inputs.device.type == "cpu" and not torch.compiler.is_compiling():
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

    def _factors(self, ghosts: int) -> tuple[float | Tensor, Tensor]:
        """Of the running statistics as they were, and (ghosts,) of each ghost's. Counts the ghosts as batches."""
        assert self.running_mean is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += ghosts
        later = torch.arange(ghosts - 1, -1, -1, dtype=self.running_mean.dtype, device=self.running_mean.device)
        if self.momentum is None:
            each = 1 / self.num_batches_tracked.to(later.dtype)  # a tensor: reading the count would wait for the device
            return 1 - ghosts * each, torch.ones_like(later) * each
        kept = 1 - self.momentum
        return kept**ghosts, self.momentum * kept**later

    def extra_repr(self) -> str:
        """With the size of the ghosts."""
        return f"{super().extra_repr()}, ghost_size={self.ghost_size}"  # type: ignore[no-untyped-call]


class GhostBatchNorm1d(_Ghosts, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` over ghosts; see `ghost_batch_norm`."""


class GhostBatchNorm2d(_Ghosts, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over ghosts; see `ghost_batch_norm`."""


class GhostBatchNorm3d(_Ghosts, nn.BatchNorm3d):
    """`torch.nn.BatchNorm3d` over ghosts; see `ghost_batch_norm`."""
