"""What an example costs one recipe, in seconds over those of another, measured by short runs of both."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from sooner import registry
from sooner.racing.recipes.assemble import Site, assemble
from sooner.random import isolated
from sooner.recipes import Choice, Recipe
from sooner.tasks import Data
from sooner.training.clock import Clock
from sooner.training.loading import channel_statistics

STEPS = 20  # of a measured run
ROUNDS = 3  # of both recipes in turn, after one in which kernels are chosen and loaded
_STEPPED = "every"  # the option of methods that act every so many steps


def relative_cost(recipe: Recipe, other: Recipe, data: Data, device: torch.device) -> float:
    """Seconds per example of `recipe` over those of `other`, the median of three rounds.

    Both are trained for 20 steps at a time, schedules and methods fitted to them: what changes with progress, such as
    the size of images, takes all its values in the shares that it has in a whole run. Counted are the steps, data and
    augmentation included; what happens once before them, a selection for a round and surgeries are not. Their
    precision must be settled. Costs 160 steps. Where one cannot be trained it is 1: its runs will meet the same error,
    and record it.
    """
    mean, std = channel_statistics(data.train)
    site = Site(data.train.to(device), len(data.classes), device, mean, std)
    spent: tuple[list[float], list[float]] = ([], [])
    try:
        for _ in range(1 + ROUNDS):
            for each, seconds in zip((recipe, other), spent, strict=True):
                seconds.append(_seconds_per_example(_short(each, len(data.train)), site))
    except (RuntimeError, MemoryError, ValueError):
        return 1.0
    return median(one / two for one, two in list(zip(*spent, strict=True))[1:])


def steps_of(recipe: Recipe) -> dict[str, Any]:
    """The fields of a recipe that decide what its steps are, budget aside."""
    return {key: value for key, value in recipe.to_dict().items() if key not in ("name", "summary", "budget")}


def _short(recipe: Recipe, n: int) -> Recipe:
    """The recipe with a budget of so few steps, methods that act every so many steps acting as often in it."""
    steps = (recipe.spends.examples(n, recipe.batch_size) or STEPS * recipe.batch_size) / recipe.batch_size
    fields = recipe.to_dict()
    fields["structure"] = [_oftener(choice, min(1.0, STEPS / steps)) for choice in recipe.structure]
    short = Recipe.from_dict({**fields, "budget": f"{STEPS * recipe.batch_size}ex"})
    stretched = short.spends.amount / (STEPS * recipe.batch_size)
    return short.at(f"{max(1, round(STEPS * recipe.batch_size / stretched))}ex")


def _oftener(choice: Choice, share: float) -> dict[str, Any]:
    options = dict(choice.options)
    if _STEPPED in registry.get("structure", choice.name).options:
        options[_STEPPED] = max(1, round(options[_STEPPED] * share))
    return {"name": choice.name, **options}


def _seconds_per_example(recipe: Recipe, site: Site) -> float:
    clock = Clock(site.device)
    with isolated(0, "model", device=site.device):
        loop = assemble(recipe, site, 0, evaluate=lambda module: 0.0, every=10**12, clock=clock)
        for surgery in loop.stepper.structure:  # as many in these few steps as in a whole run
            vars(surgery)["step"] = _aside(surgery.step, clock)
        try:
            loop.run()
        finally:
            loop.loader.close()
    phases = clock.phases
    return (phases.get("train", 0.0) + phases.get("scoring", 0.0)) / max(1, loop.examples)


def _aside(step: Callable[[float], bool], clock: Clock) -> Callable[[float], bool]:
    """The same, counted in another phase than the steps."""

    def counted(progress: float) -> bool:
        with clock.phase("structure"):
            return step(progress)

    return counted
