"""`Recipe`: one complete configuration of training, every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sooner import registry
from sooner._text import require_visible
from sooner.batching import grows
from sooner.budget import Budget
from sooner.combining import refusals
from sooner.optim import SeveralPasses
from sooner.recipes._choice import Choice, choose, choose_or_leave
from sooner.recipes._problems import Problem, explained, invalid, refuse, shown
from sooner.seams import SEAMS, seam


def _listed(given: object) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        text = f"must be a list, such as [flip, {{name: translate, pixels: 2}}], not {shown(given)}"
        raise refuse(given, Problem((), text))
    return tuple(given)


# The fields that choose methods, in the order in which recipes list them, and the seam of each.
_FIELDS = {field.name: seam.name for seam in SEAMS for field in seam.fields}
_LISTED = [field.name for seam in SEAMS for field in seam.fields if field.listed]


class Recipe(BaseModel):
    """How to train: one choice per seam, with every option spelled out. Equal recipes train alike.

    Lists hold methods in the order in which they act, however they were written; see `sooner.combining`, which also
    says what cannot be combined. Made of the same fields in Python, `Recipe(name="mine", model="convnet-16", ...)`,
    from a mapping and from YAML; a choice is a name, a mapping with `name` and options, or a `Choice`.

    Attributes:
        name: of the lane in a race; like `model` one line of text without control characters.
        summary: one line about it.
        model: by name, or "module:factory".
        budget: absolute, see `sooner.budget.Budget`; kept in its shortest form.
        batch_size: examples per optimizer step, over all processes and micro-batches, 1 to 2**31.
        accumulate: micro-batches that a step is made of, 1 to `batch_size`.
        optimizer: "sgd", "adamw" and others, with its peak learning rate `lr`.
        schedule: of the learning rate, over the budget.
        augmentation: what examples look like.
        sampling: which examples come next.
        loss: what a step minimises.
        wrappers: around the optimizer.
        batching: how many examples a step takes, and the learning rate that goes with it.
        sparsity: which weights are alive; None for all.
        structure: which channels exist.
        averaging: which mean of the weights is evaluated in place of the last ones; None for no mean.
        precision: of the forward pass: "float32", "bf16", or "auto", whichever is faster on the device.

    Raises:
        RecipeError: naming each field that is missing, unknown or wrong, and what is allowed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    summary: str = ""
    model: str = Field(min_length=1)
    budget: str
    batch_size: int = Field(ge=1, le=2**31)
    accumulate: int = Field(default=1, ge=1)
    optimizer: Annotated[Choice, choose("optimizer")]
    schedule: Annotated[Choice, choose("schedule")]
    augmentation: Annotated[tuple[Annotated[Choice, choose("augmentation")], ...], BeforeValidator(_listed)] = ()
    sampling: Annotated[Choice, choose("sampling")] = Field(default="reshuffle", validate_default=True)
    loss: Annotated[Choice, choose("loss")] = Field(default="cross-entropy", validate_default=True)
    wrappers: Annotated[tuple[Annotated[Choice, choose("wrappers")], ...], BeforeValidator(_listed)] = ()
    batching: Annotated[tuple[Annotated[Choice, choose("batching")], ...], BeforeValidator(_listed)] = ()
    sparsity: Annotated[Choice | None, choose_or_leave("sparsity")] = None
    structure: Annotated[tuple[Annotated[Choice, choose("structure")], ...], BeforeValidator(_listed)] = ()
    averaging: Annotated[Choice | None, choose_or_leave("averaging")] = None
    precision: Literal["auto", "float32", "bf16"] = "auto"

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise invalid(explained(error, list(type(self).model_fields))) from None

    @field_validator("name", "model")
    @classmethod
    def _visible(cls, given: str) -> str:
        return require_visible("it", given)

    @field_validator("budget", mode="before")
    @classmethod
    def _absolute(cls, given: object) -> str:
        budget = Budget.parse(given)
        if budget.relative:
            raise ValueError(f"{given} is a share of the budget of a recipe that is extended, and here there is none")
        return str(budget)

    @model_validator(mode="before")
    @classmethod
    def _label_smoothing_is_the_losses(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "label_smoothing" in given:
            text = "is an option of the loss: write loss: {name: cross-entropy, label_smoothing: 0.1}"
            raise refuse(given["label_smoothing"], Problem(("label_smoothing",), text))
        return given

    @field_validator(*_LISTED)
    @classmethod
    def _by_stage(cls, chosen: tuple[Choice, ...], info: ValidationInfo) -> tuple[Choice, ...]:
        assert info.field_name is not None
        seam = _FIELDS[info.field_name]
        return tuple(sorted(chosen, key=lambda choice: (registry.get(seam, choice.name).stage, choice.name)))

    @model_validator(mode="after")
    def _all_combine(self) -> Self:
        problems = []
        for one, other, reason in refusals(self.methods()):
            text = f"{one.name} ({one.seam}) and {other.name} ({other.seam}) cannot be combined: {reason}"
            problems.append(Problem((seam(other.seam).field_of(other.many).name,), text))
        try:
            spends = self.spends
        except ValueError as error:
            problems.append(Problem(("batching",), str(error)))
        else:
            if spends.unit == "ba" and any(grows(method.make) for method in self.methods()):
                text = "in steps does not say how many examples, as steps grow: give it in ep, ex or s"
                problems.append(Problem(("budget",), text))
        for method in self.methods() if self.accumulate > 1 else ():
            if isinstance(method.make, type) and issubclass(method.make, SeveralPasses):
                text = f"must be 1 with {method.name}, which passes a batch through several times"
                problems.append(Problem(("accumulate",), text))
        for method in self.methods():
            if method.problems is not None:
                problems += [Problem(path, text) for path, text in method.problems(self.to_dict()).items()]
        if problems:
            raise refuse(self.name, *problems)
        return self

    @property
    def spends(self) -> Budget:
        """What a run of it is trained for: its budget, or that as its batching stretches it."""
        budget = Budget.parse(self.budget)
        for choice in self.batching:
            if "model" not in registry.get("batching", choice.name).parameters:
                made = registry.make("batching", choice.name, {"batch_size": self.batch_size}, choice.options)
                budget = made.budget(budget)
        return budget

    def choices(self, field: str) -> tuple[Choice, ...]:
        """What one of the fields that choose methods holds: none, one or several."""
        chosen = getattr(self, field)
        return chosen if isinstance(chosen, tuple) else (chosen,) if chosen else ()

    def methods(self) -> list[registry.Method]:
        """The records of all methods it chooses, field by field."""
        return [registry.get(seam, choice.name) for field, seam in _FIELDS.items() for choice in self.choices(field)]

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
