"""The learning rate that a sampler asks for, in loops whose optimizer and schedule are a framework's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch.optim import Optimizer

from sooner.sampling import Sampler


@contextmanager
def scaled(optimizers: Iterable[Any], sampler: Sampler) -> Iterator[None]:
    """Inside, each step of these optimizers is made at `sampler.lr_scale` times the rates that they are set to.

    The rates are raised as a step begins and put back as it ends, so schedulers and logs never meet the raised ones. An
    optimizer in a wrapper of Accelerate's is found in it. Nothing is touched for a sampler that asks for no rate.

    Raises ValueError where it asks for one and there is no optimizer.
    """
    if type(sampler).lr_scale is Sampler.lr_scale:
        yield
        return
    optimizers = list(optimizers)
    if not optimizers:
        raise ValueError(
            f"{type(sampler).__name__} asks for learning rates of its own, and there is no optimizer to step at them: "
            "let the framework prepare the optimizer before the first batch (accelerator.prepare, configure_optimizers)"
        )
    with ExitStack() as stack:
        for optimizer in optimizers:
            stack.callback(follow(unwrapped(optimizer), sampler))
        yield


def follow(optimizer: Optimizer, sampler: Sampler) -> Callable[[], None]:
    """As `scaled` does for one optimizer, until the function that is returned is called."""
    before: list[tuple[dict[str, Any], Any, Any]] = []  # group, its rate, the raised one

    def raise_rates(*_: Any) -> None:
        factor = sampler.lr_scale
        if factor != 1.0:
            before.extend((group, group["lr"], group["lr"] * factor) for group in optimizer.param_groups)
        for group, _, raised in before:
            group["lr"] = raised

    def put_back(*_: Any) -> None:
        for group, rate, raised in before:
            if group["lr"] is raised:  # else a closure has set another one, which stays
                group["lr"] = rate
        before.clear()

    handles = optimizer.register_step_pre_hook(raise_rates), optimizer.register_step_post_hook(put_back)

    def end() -> None:
        for handle in handles:
            handle.remove()

    return end


def unwrapped(optimizer: Any) -> Any:
    wrapped = type(optimizer).__module__.partition(".")[0] == "accelerate"
    return unwrapped(optimizer.optimizer) if wrapped else optimizer
