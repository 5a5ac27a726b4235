"""torch's SGD, AdamW and Adagrad on fused kernels, which a group of parameters leaves where they would go wrong."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.optim import Optimizer

from sooner._sharded import is_sharded

_DEVICES = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS", "xpu": "XPU"}  # and what torch's dispatcher calls them


@cache
def has_kernel(name: str, device: str) -> bool:
    """Whether this build of torch has the operator `name` on devices of that type."""
    key = _DEVICES.get(device)
    return key is not None and torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", key)


class Fused(Optimizer):
    """What torch's fused optimizers lack. Comes before one of them among the bases; make it with `fused=True`.

    A group starts without the kernel where the build has none for its parameters' device or dtype, and leaves it for
    good, `group["fused"]` then being None, at the first step where

    - a gradient is sparse, which the kernels refuse;
    - a gradient or a moment is laid out in memory otherwise than its parameter (a checkpoint of a contiguous model
      loaded into one with channels last, say), which the kernels take for the same without a word;
    - the parameters have moved to a device without a kernel, or have been sharded (FSDP2) where it is for whole ones.

    torch's default takes its place, `foreach` on accelerators. Each step asks every tensor for its layout.
    """

    kernel: ClassVar[str]
    takes_sharded: ClassVar[bool] = False  # whether torch knows what the kernel does to a DTensor

    @property
    def _step_supports_amp_scaling(self) -> bool:
        # torch sets it where fused. GradScaler then leaves unscaling to the kernels, and its gradients cannot be
        # clipped: Lightning refuses to, even where bfloat16 needs no scaler. A group without the kernel would fail.
        return False

    @_step_supports_amp_scaling.setter
    def _step_supports_amp_scaling(self, value: bool) -> None:
        pass

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As of every optimizer; the kernel is for groups that it takes."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if group["fused"] and not all(self.takes(parameter) for parameter in group["params"]):
            group["fused"] = None

    @classmethod
    def takes(cls, parameter: Tensor) -> bool:
        """Whether there is a kernel for the parameter's device and dtype, and for its parts where it is sharded."""
        if is_sharded(parameter) and not cls.takes_sharded:
            return False
        return parameter.is_floating_point() and has_kernel(cls.kernel, parameter.device.type)

    def _settle(self, group: dict[str, Any]) -> None:
        """Leave the kernel where the group's device has none."""
        if group["fused"] and group["params"] and not self.takes(group["params"][0]):
            group["fused"] = None

    def _compare(self, group: dict[str, Any], params: list[Tensor], *others: list[Tensor]) -> None:
        """Leave the kernel where tensors that belong together do not lie in memory alike."""
        if group["fused"] and not _alike(params, others):
            group["fused"] = None


def _alike(params: list[Tensor], others: tuple[list[Tensor], ...]) -> bool:
    if all(map(Tensor.is_contiguous, chain(params, *others))):  # the quick answer, of nearly every model
        return True
    strides = list(map(Tensor.stride, params))
    return all(list(map(Tensor.stride, several)) == strides for several in others)


def _leave_if_sparse(who: str, sparse: bool, group: dict[str, Any]) -> None:
    if sparse and group["weight_decay"]:
        raise TypeError(
            f"{who} takes no sparse gradients where weights decay, all of them at every step: name the embedding in "
            "no_decay, or make it with sparse=False"
        )
    if sparse:
        group["fused"] = None


class SGD(Fused, torch.optim.SGD):
    """torch's. The kernel's momentum starts at 0, each parameter's by itself.

    torch starts all of a group's at the kernel's first step, from memory as it is found: a step that GradScaler skips
    leaves that, and a parameter whose first gradient comes later has none. 0 times the momentum plus the first
    gradient is what torch's other loops start at.
    """

    kernel = "_fused_sgd_"

    def _init_group(self, group: Any, params: Any, grads: Any, momentum_buffer_list: Any) -> Any:
        self._settle(group)
        sparse = super()._init_group(group, params, grads, momentum_buffer_list)  # type: ignore[no-untyped-call]
        _leave_if_sparse("sgd", sparse, group)
        if group["fused"]:
            for at, buffer in enumerate(momentum_buffer_list):
                if buffer is None:
                    momentum_buffer_list[at] = torch.zeros_like(grads[at])
        self._compare(group, params, grads, momentum_buffer_list)
        return sparse


class AdamW(Fused, torch.optim.AdamW):
    """torch's."""

    kernel = "_fused_adamw_"
    takes_sharded = True

    def _init_group(self, group: Any, params: Any, grads: Any, exp_avgs: Any, exp_avg_sqs: Any, *rest: Any) -> Any:
        self._settle(group)
        gathered = super()._init_group(group, params, grads, exp_avgs, exp_avg_sqs, *rest)  # type: ignore[no-untyped-call]
        self._compare(group, params, grads, exp_avgs, exp_avg_sqs)
        return gathered


class Adagrad(Fused, torch.optim.Adagrad):
    """torch's."""

    kernel = "_fused_adagrad_"

    def _init_group(self, group: Any, params: Any, grads: Any, state_sums: Any, state_steps: Any) -> Any:
        self._settle(group)
        gathered = super()._init_group(group, params, grads, state_sums, state_steps)  # type: ignore[no-untyped-call]
        _leave_if_sparse("adagrad", gathered[0], group)
        self._compare(group, params, grads, state_sums)
        return gathered


def chosen(kind: type[Fused], model: nn.Module, fused: bool | None) -> bool | None:
    """torch's own `fused` for an option of that name: None takes the kernel where it can, False never does.

    Raises TypeError where it is neither, ValueError where it is True and there is no kernel for a parameter.
    """
    if fused is not None and not isinstance(fused, bool | np.bool_):
        raise TypeError(f"fused must be true, false or null, not {fused!r}")
    if fused is not None and not fused:
        return None  # torch's False means one parameter after the other, its None `foreach` where that is quicker
    without: list[Parameter] = [p for p in model.parameters() if p.requires_grad and not kind.takes(p)]
    if fused and without:
        kinds = sorted({f"{str(p.dtype).removeprefix('torch.')} on {p.device.type}" for p in without})
        raise ValueError(
            f"fused=True, and this build of torch has no {kind.__name__} kernel for {', '.join(kinds)}: leave fused out"
        )
    return True
