"""`Recipe`: one complete configuration of training, every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from sooner.recipes._choice import Choice, choose
from sooner.recipes._problems import Problem, explained, invalid, refuse, shown
from sooner.training.budget import Budget


def _listed(given: object) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        text = f"must be a list, such as [flip, {{name: translate, pixels: 2}}], not {shown(given)}"
        raise refuse(given, Problem((), text))
    return tuple(given)


class Recipe(BaseModel):
    """How to train: one choice per seam, with every option spelled out. Equal recipes train alike.

    Made of the same fields in Python, `Recipe(name="mine", model="convnet-16", sampling="rs2", ...)`, from a mapping
    and from YAML; a choice is a name, a mapping with `name` and options, or a `Choice`.

    Attributes:
        name: of the lane in a race.
        summary: one line about it.
        model: by name, or "module:factory".
        budget: absolute, see `sooner.training.budget.Budget`; kept in its shortest form.
        batch_size: examples per optimizer step, over all processes and micro-batches, at least 1.
        accumulate: micro-batches that a step is made of, 1 to `batch_size`.
        optimizer: "sgd" or "adamw", with its peak learning rate `lr`.
        schedule: of the learning rate, over the budget.
        augmentation: in the order in which they are applied.
        sampling: which examples come next.
        label_smoothing: in [0, 1).
        precision: of the forward pass: "float32", "bf16", or "auto", whichever is faster on the device.

    Raises:
        RecipeError: naming each field that is missing, unknown or wrong, and what is allowed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    summary: str = ""
    model: str = Field(min_length=1)
    budget: str
    batch_size: int = Field(ge=1)
    accumulate: int = Field(default=1, ge=1)
    optimizer: Annotated[Choice, choose("optimizer")]
    schedule: Annotated[Choice, choose("schedule")]
    augmentation: Annotated[tuple[Annotated[Choice, choose("augmentation")], ...], BeforeValidator(_listed)] = ()
    sampling: Annotated[Choice, choose("sampling")] = Field(default="reshuffle", validate_default=True)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    precision: Literal["auto", "float32", "bf16"] = "auto"

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise invalid(explained(error, list(type(self).model_fields))) from None

    @field_validator("budget", mode="before")
    @classmethod
    def _absolute(cls, given: object) -> str:
        budget = Budget.parse(given)
        if budget.relative:
            raise ValueError(f"{given} is a share of the budget of a recipe that is extended, and here there is none")
        return str(budget)

    @field_validator("accumulate")
    @classmethod
    def _at_most_the_batch(cls, accumulate: int, info: ValidationInfo) -> int:
        batch_size = info.data.get("batch_size", accumulate)
        if accumulate > batch_size:
            raise ValueError(f"must be at most batch_size, {batch_size}, not {accumulate}")
        return accumulate

    def at(self, budget: str) -> Self:
        """The same with its schedule fitted to another budget, an absolute one. Raises RecipeError."""
        return type(self).from_dict({**self.to_dict(), "budget": budget})

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data that JSON and YAML can hold; choices are flat mappings."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The recipe of these fields, as of `to_dict` or shorter. Raises RecipeError."""
        return cls(**fields)
