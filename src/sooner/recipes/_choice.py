"""A choice: a method by name and its options, held against the signature of what it names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args, get_origin

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
from sooner._names import closest
from sooner.errors import SoonerError
from sooner.recipes._problems import Problem, explained, refuse, shown
from sooner.recipes._tried import supplies
from sooner.schedules import SCHEDULES
from sooner.seams import SEAMS

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
        why_one: why there is not more than one, where the field is not a list.
    """

    what: str
    makers: Callable[[], Mapping[str, Callable[..., Any]]]
    why_one: str = ""


def _methods(seam: str, many: bool | None) -> dict[str, Callable[..., Any]]:
    return {m.name: m.make for m in registry.methods(seam=seam) if many is None or m.many == many}


# By the field of a recipe.
CATALOGUES = {
    field.name: Catalogue(field.what, partial(_methods, seam.name, field.many), seam.alone if not field.listed else "")
    for seam in SEAMS
    for field in seam.fields
} | {"schedule": Catalogue("schedule", lambda: SCHEDULES, "there is one learning rate")}


def choose(catalogue: str) -> BeforeValidator:
    """The validator of a field that chooses from that catalogue: takes a name, a flat mapping or a `Choice`."""
    return BeforeValidator(partial(_checked, CATALOGUES[catalogue]))


def choose_or_leave(catalogue: str) -> BeforeValidator:
    """The same for a field that may also be None."""
    return BeforeValidator(lambda given: None if given is None else _checked(CATALOGUES[catalogue], given))


def _checked(catalogue: Catalogue, given: object) -> Choice:
    name, options = _parts(catalogue, given)
    makers = catalogue.makers()
    if name not in makers:
        text = f"there is no {catalogue.what} {shown(name)}; {closest(name, makers)}"
        raise refuse(given, Problem(("name",), text))
    maker = makers[name]
    parameters = inspect.signature(maker, eval_str=True).parameters
    own = {key: parameter for key, parameter in parameters.items() if key not in registry.GIVEN}
    complete, problems = _typed(name, options, own)
    if not problems:
        problems = _tried(name, maker, parameters, complete)
    if problems:
        raise refuse(given, *problems)
    return Choice(name=name, options=complete)


def _parts(catalogue: Catalogue, given: object) -> tuple[str, dict[str, Any]]:
    if isinstance(given, Choice):
        return given.name, dict(given.options)
    if isinstance(given, str):
        return given, {}
    if isinstance(given, list | tuple) and catalogue.why_one:
        text = f"takes one {catalogue.what}, not {shown(list(given))}: {catalogue.why_one}; choose one"
        raise refuse(given, Problem((), text))
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
                problems += [Problem((option, *inner.path), inner.text) for inner in explained(error)]
        elif parameter.default is inspect.Parameter.empty:
            problems.append(Problem((option,), f"is required by {name}"))
        else:
            complete[option] = parameter.default
    return complete, problems


def _coerced(annotation: Any, value: Any) -> Any:
    kinds = {get_origin(annotation), *(get_origin(part) for part in get_args(annotation))}  # of a union, its parts
    if tuple in kinds and isinstance(value, list):
        value = tuple(value)  # YAML and JSON have no tuples
    try:
        adapter = TypeAdapter(annotation, config=_STRICT)
    except PydanticSchemaGenerationError:
        return value  # not a type that text can hold: the maker itself judges it
    return adapter.validate_python(value)


_OF_LAYERS = ("exclude", "others", "no_decay")  # options that name layers or parameters
_THIN = 0.01

_GOOD: set[str] = set()  # choices that were made once without complaint


def _tried(
    name: str, maker: Callable[..., Any], parameters: Mapping[str, inspect.Parameter], options: Mapping[str, Any]
) -> list[Problem]:
    """Make one. A complaint is put down to the option that it speaks of first.

    Options that name layers of a model are checked by the race, which has the model.
    """
    chosen = f"{maker.__module__}.{name} {sorted(options.items())}"
    if chosen in _GOOD:
        return []
    general = {k: v for k, v in options.items() if k not in _OF_LAYERS and not isinstance(v, Mapping)}
    if 0 < general.get("density", 1) < _THIN:  # of a large model that may leave every layer a weight
        general["density"] = _THIN
    try:
        maker(**supplies(parameters), **general)
        _GOOD.add(chosen)
    except (ValueError, TypeError, ImportError, SoonerError) as error:
        text = str(error).removeprefix(f"{name}: ")
        words = re.findall(r"\w+", text)
        named = sorted(set(options) & set(words), key=words.index)
        if not named:
            return [Problem((), text)]
        return [Problem((named[0],), text.removeprefix(f"{named[0]} "))]
    return []
