"""The lines that samplers take in a plain loop, besides being its batch sampler."""

from __future__ import annotations

from sooner.seams import Use

_SCREEN = (
    "if sampler.screens(batch.index):",
    "    model.eval()  # nothing in it changes while it is asked",
    "    with torch.no_grad():",
    '        losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")',
    "    model.train()",
    "    batch = batch.select(*sampler.screen(batch.index, losses))",
    "    if not len(batch):",
    "        continue",
)
_RATE = "set_lr(optimizer, sampler.lr_scale)  # times the schedule's factor, if you have one"
_GRADIENT = (
    "gradient = torch.cat([p.grad.flatten() for p in model.parameters()])",
    "sampler.observe_gradient(batch.index, gradient)",
    "optimizer.step()",
)


def use(
    *, progress: bool = False, observe: bool = False, screen: bool = False, gradient: bool = False, rate: bool = False
) -> Use:
    """The lines of a sampler.

    Args:
        progress: it is told the share of the run.
        observe: it is told the losses.
        screen: it looks at a batch before it is trained on, see `Screening`.
        gradient: it is told the gradient of each batch.
        rate: it asks for a factor of the learning rate.
    """
    imports = ["from sooner.integrations import guard"]
    if rate:
        imports.append("from sooner.optim import set_lr")
    if screen or gradient:
        imports.insert(0, "import torch")
    return Use(
        name="sampler",
        imports=tuple(imports),
        setup=("loader = guard(DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate))",),
        rounds=("sampler.progress = epoch / epochs",) if progress else (),
        begin=(*((_RATE,) if rate else ()), *(_SCREEN if screen else ())),
        weight="batch.weight" if screen else "sampler.weight(batch.index)",
        observe=("sampler.observe(batch.index, losses.detach())",) if observe else (),
        update=_GRADIENT if gradient else (),
    )
