"""A recipe tried out on two made-up examples before its race begins, so that what cannot train is said at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sooner import augmentation, registry, sampling
from sooner.errors import RecipeError, SoonerError
from sooner.racing.recipes.assemble import Site, assemble
from sooner.random import generator, isolated
from sooner.recipes import Recipe
from sooner.tasks import Data, models
from sooner.tasks.split import split, validation_share
from sooner.training.clock import Clock

_FEW = 64  # examples for methods that look at some before training


def try_out(recipe: Recipe, data: Data) -> None:
    """Pass two blank examples through the recipe's augmentation and model, on the CPU, and draw its first batch.

    All that acts on the model itself (structure, optimizer, sparsity and the rest) is made once, on a few examples.

    Raises RecipeError, naming the recipe and the field, where the augmentation does not fit the data, the model gives
    anything but logits (B, classes), has nothing to train or is the same each time that it is made, a step's batch is
    too small for it, or a method cannot handle it. What a model of the user's own raises is left as it is.
    """
    blank = torch.zeros(2, *data.shape)
    changed = _augmented(recipe, blank)
    model = models.build(recipe.model, data.shape, len(data.classes), seed=0)
    if ":" in recipe.model:  # the user's own
        _check_new(recipe, model, models.build(recipe.model, data.shape, len(data.classes), seed=0))
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise RecipeError(f"{recipe.name}: model: '{recipe.model}' has no parameter that can be trained")
    with isolated(0, "check"), torch.no_grad():
        _check_logits(recipe, model.eval()(blank), len(data.classes))
        if changed.shape != blank.shape:
            _check_size(recipe, model, changed)
        if _smallest_batch(recipe, data) < 2:
            _check_single(recipe, model.train(), blank[:1])
    _check_methods(recipe, data)


def _check_new(recipe: Recipe, model: nn.Module, other: nn.Module) -> None:
    """Raises RecipeError where two models are one: what the first run learned, all later ones would begin with."""
    first = {id(each) for each in [*model.parameters(), *model.buffers()]}
    if any(id(each) in first for each in [*other.parameters(), *other.buffers()]):
        raise RecipeError(
            f"{recipe.name}: model: '{recipe.model}' gave the same weights when it was called again, and each run "
            "would begin with what the one before it had learned; make a new module in each call"
        )


def _augmented(recipe: Recipe, inputs: Tensor) -> Tensor:
    """`inputs` as they are in the first step."""
    index = torch.arange(len(inputs))
    for choice in recipe.augmentation:
        drawn = generator(0, "check")
        try:
            each = registry.make("augmentation", choice.name, {"seed": 0}, choice.options)
            inputs = augmentation.apply(each, inputs, 0.0, drawn, index=index, epoch=0)
        except ValueError as error:
            raise RecipeError(f"{recipe.name}: augmentation: {error}") from error
    return inputs


def _check_size(recipe: Recipe, model: nn.Module, inputs: Tensor) -> None:
    try:
        model(inputs)
    except RuntimeError as error:
        height, width = inputs.shape[2:]
        raise RecipeError(
            f"{recipe.name}: augmentation: makes images of {height}x{width}, and '{recipe.model}' cannot take any size "
            f"({error}); leave out what changes the size, or take a model that ends in a mean over pixels"
        ) from error


def _check_methods(recipe: Recipe, data: Data) -> None:
    few = data.train.subset(torch.arange(min(len(data.train), _FEW)))
    plain = {"sampling": "reshuffle", "augmentation": [], "accumulate": 1, "precision": "float32"}
    site = Site(few, len(data.classes), torch.device("cpu"))
    try:
        small = Recipe.from_dict({**recipe.to_dict(), **plain})
        with isolated(0, "check"):
            assemble(small, site, 0, evaluate=lambda module: 0.0, every=1, clock=Clock())
    except (ValueError, ImportError, SoonerError) as error:
        raise RecipeError(f"{recipe.name}: {error}") from error


def _check_logits(recipe: Recipe, outputs: object, classes: int) -> None:
    given = f"a tensor {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
    if not isinstance(outputs, Tensor) or outputs.shape != (2, classes):
        raise RecipeError(
            f"{recipe.name}: model: '{recipe.model}' must map a batch to logits, a tensor (B, {classes}) with a column "
            f"per class; for two examples it gave {given}"
        )


def _smallest_batch(recipe: Recipe, data: Data) -> int:
    """Examples in the smallest micro-batch of the first step, of what a race trains on: not all of the data."""
    method = recipe.sampling
    rows, _ = split(data.train.targets, validation_share(len(data.train)), 0, data.classes)
    targets = data.train.targets[rows]
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
