"""The lines that samplers take in a plain loop, in addition to being its batch sampler."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sooner.seams import Use

_SCREEN = (
    "if sampler.screens(batch.index):",
    "    model.eval()  # nothing in it changes while it is asked",
    "    with torch.no_grad():",
    '        losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")',
    "    model.train()",
    "    batch = batch.select(*sampler.screen(batch.index, losses))",
    "    if len(batch) < 2:",
    "        continue  # nothing to train on, or one example alone, which batch norm refuses",
)
_RATE = "set_lr(optimizer, sampler.lr_scale)  # times the schedule's factor, if you have one"
_GRADIENT = (
    "gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])",
    "sampler.observe_gradient(batch.index, gradient)",
    "optimizer.step()",
)


def use(
    *,
    progress: bool = False,
    observe: bool = False,
    screen: bool = False,
    gradient: bool = False,
    rate: bool = False,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Use:
    """The lines of a sampler.

    Args:
        progress: it gets the share of the run that is spent.
        observe: it gets the losses.
        screen: it looks at a batch before it is trained on, see `Screening`.
        gradient: it gets the gradient of each batch.
        rate: it asks for a factor of the learning rate.
        given: see `Use`.
    """
    imports = ["from sooner.integrations import guard"]
    if rate:
        imports.append("from sooner.optim import set_lr")
    if screen or gradient:
        imports.insert(0, "import torch")
    return Use(
        name="sampler",
        imports=tuple(imports),
        given=given,
        setup=("loader = guard(DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate))",),
        rounds=("sampler.progress = epoch / epochs",) if progress else (),
        begin=(*((_RATE,) if rate else ()), *(_SCREEN if screen else ())),
        weight="batch.weight" if screen else "sampler.weight(batch.index)",
        observe=("sampler.observe(batch.index, losses.detach())",) if observe else (),
        update=_GRADIENT if gradient else (),
    )
