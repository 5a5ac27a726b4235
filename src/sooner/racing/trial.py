"""A recipe tried out on two made-up examples before its race begins, so that what cannot train is said at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sooner import augmentation, sampling
from sooner.errors import RecipeError
from sooner.random import generator, isolated
from sooner.recipes import Recipe
from sooner.tasks import Data, models


def try_out(recipe: Recipe, data: Data) -> None:
    """Pass two blank examples through the recipe's augmentation and model, on the CPU, and draw its first batch.

    Raises RecipeError, naming the recipe and the field, where the augmentation does not fit the data, the model gives
    anything but logits (B, classes) or has nothing to train, or a step's batch is too small for it. What a model of
    the user's own raises is left as it is.
    """
    inputs = torch.zeros(2, *data.shape)
    for choice in recipe.augmentation:
        try:
            inputs = augmentation.make(choice.name, **choice.options)(inputs, 0.0, generator(0, "trial"))
        except ValueError as error:
            raise RecipeError(f"{recipe.name}: augmentation: {error}") from error
    model = models.build(recipe.model, data.shape, len(data.classes), seed=0)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise RecipeError(f"{recipe.name}: model: '{recipe.model}' has no parameter that can be trained")
    with isolated(0, "trial"), torch.no_grad():
        _check_logits(recipe, model.eval()(inputs), len(data.classes))
        if _smallest_batch(recipe, data) < 2:
            _check_single(recipe, model.train(), inputs[:1])


def _check_logits(recipe: Recipe, outputs: object, classes: int) -> None:
    found = f"a tensor {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
    if not isinstance(outputs, Tensor) or outputs.shape != (2, classes):
        raise RecipeError(
            f"{recipe.name}: model: '{recipe.model}' must map a batch to logits, a tensor (B, {classes}) with a column "
            f"per class; for two examples it gave {found}"
        )


def _smallest_batch(recipe: Recipe, data: Data) -> int:
    """Examples in the smallest micro-batch of the first step."""
    method = recipe.sampling
    targets = data.train.targets
    try:
        sampler = sampling.make(method.name, len(targets), recipe.batch_size, seed=0, targets=targets, **method.options)
        return len(next(iter(sampler))) // recipe.accumulate
    except ValueError as error:
        raise RecipeError(f"{recipe.name}: sampling: {error}") from error


def _check_single(recipe: Recipe, model: nn.Module, one: Tensor) -> None:
    try:
        model(one)
    except ValueError as error:  # batch norm's
        raise RecipeError(
            f"{recipe.name}: '{recipe.model}' cannot be trained on one example at a time ({error}), which is what "
            f"batch_size {recipe.batch_size}, accumulate {recipe.accumulate} and its sampling come to: give a step more"
        ) from error
