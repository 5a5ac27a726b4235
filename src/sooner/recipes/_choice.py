"""A choice: a method by name and its options, held against the signature of what it names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_origin

import torch
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PydanticSchemaGenerationError,
    TypeAdapter,
    ValidationError,
    model_serializer,
)

from sooner import registry
from sooner.recipes._problems import Problem, closest, explained, refuse, shown
from sooner.training.optimizers import OPTIMIZERS
from sooner.training.schedules import SCHEDULES

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


class Choice(BaseModel):
    """A method by name and all of its options. In YAML and in `model_dump` one flat mapping, the name among them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: str
    options: dict[str, Any] = {}

    @model_serializer
    def _flat(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}


@dataclass(frozen=True)
class Catalogue:
    """What a field of a recipe may choose from.

    Attributes:
        what: one of them is called, in messages.
        makers: every name and what makes it.
        given: the arguments that training gives a maker, as small as they come: a choice is tried out on them.
    """

    what: str
    makers: Callable[[], Mapping[str, Callable[..., Any]]]
    given: Mapping[str, Any] = field(default_factory=dict)


def _methods(seam: str) -> dict[str, Callable[..., Any]]:
    return {method.name: method.make for method in registry.methods(seam=seam)}


_FEW = 64  # examples to try a sampling method out on, of two classes

CATALOGUES = {
    "optimizer": Catalogue(
        "optimizer", lambda: OPTIMIZERS, {"model": torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(1, 1))])}
    ),
    "schedule": Catalogue("schedule", lambda: SCHEDULES),
    "sampling": Catalogue(
        "sampling method",
        partial(_methods, "sampling"),
        {"n": _FEW, "batch_size": 1, "seed": 0, "targets": torch.arange(_FEW) % 2},
    ),
    "augmentation": Catalogue("augmentation", partial(_methods, "augmentation")),
}


def choose(catalogue: str) -> BeforeValidator:
    """The validator of a field that chooses from that catalogue: takes a name, a flat mapping or a `Choice`."""
    return BeforeValidator(partial(_checked, CATALOGUES[catalogue]))


def _checked(catalogue: Catalogue, given: object) -> Choice:
    name, options = _parts(catalogue, given)
    makers = catalogue.makers()
    if name not in makers:
        text = f"there is no {catalogue.what} {shown(name)}; {closest(name, makers)}"
        raise refuse(given, Problem(("name",), text))
    maker = makers[name]
    parameters = inspect.signature(maker, eval_str=True).parameters
    supplied = {key: value for key, value in catalogue.given.items() if key in parameters}
    complete, problems = _typed(
        name, options, {key: parameter for key, parameter in parameters.items() if key not in supplied}
    )
    if not problems:
        problems = _tried(name, maker, supplied, complete)
    if problems:
        raise refuse(given, *problems)
    return Choice(name=name, options=complete)


def _parts(catalogue: Catalogue, given: object) -> tuple[str, dict[str, Any]]:
    if isinstance(given, Choice):
        return given.name, dict(given.options)
    if isinstance(given, str):
        return given, {}
    if not isinstance(given, Mapping):
        text = f"must name the {catalogue.what}, alone or in a mapping with its options, not {shown(given)}"
        raise refuse(given, Problem((), text))
    if not isinstance(given.get("name"), str):
        text = f"is required, as text; {closest(given.get('name'), catalogue.makers())}"
        raise refuse(given, Problem(("name",), text))
    return given["name"], {key: value for key, value in given.items() if key != "name"}


def _typed(
    name: str, options: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter]
) -> tuple[dict[str, Any], list[Problem]]:
    """The options with their right types, defaults included, and what is wrong with them."""
    complete: dict[str, Any] = {}
    problems = []
    for option in options:
        if option not in parameters:
            which = closest(option, parameters) if parameters else "it has none"
            problems.append(Problem((option,), f"{name} has no such option; {which}"))
    for option, parameter in parameters.items():
        if option in options:
            try:
                complete[option] = _coerced(parameter.annotation, options[option])
            except ValidationError as error:
                problems += [Problem((option, *found.path), found.text) for found in explained(error)]
        elif parameter.default is inspect.Parameter.empty:
            problems.append(Problem((option,), f"is required by {name}"))
        else:
            complete[option] = parameter.default
    return complete, problems


def _coerced(annotation: Any, value: Any) -> Any:
    if get_origin(annotation) is tuple and isinstance(value, list):
        value = tuple(value)  # YAML and JSON have no tuples
    try:
        adapter = TypeAdapter(annotation, config=_STRICT)
    except PydanticSchemaGenerationError:
        return value  # not a type that text can hold: the maker itself judges it
    return adapter.validate_python(value)


def _tried(
    name: str, maker: Callable[..., Any], supplied: Mapping[str, Any], options: Mapping[str, Any]
) -> list[Problem]:
    """Make one. A complaint is put down to the option that it speaks of first."""
    try:
        maker(**supplied, **options)
    except (ValueError, TypeError) as error:
        text = str(error).removeprefix(f"{name}: ")
        words = re.findall(r"\w+", text)
        spoken_of = sorted(set(options) & set(words), key=words.index)
        if not spoken_of:
            return [Problem((), text)]
        return [Problem((spoken_of[0],), text.removeprefix(f"{spoken_of[0]} "))]
    return []
