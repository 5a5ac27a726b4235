"""From a name or a file to a complete recipe: the chain of recipes it extends, merged from the bottom up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sooner import registry
from sooner._names import closest
from sooner.budget import Budget
from sooner.errors import RecipeError
from sooner.recipes import _yaml
from sooner.recipes._problems import FieldPath, InvalidRecipe, invalid, shown
from sooner.recipes._recipe import Recipe
from sooner.seams import SEAMS

_SHIPPED = Path(__file__).parent / "shipped"
ALIASES = {"rs2": "rs2-10", "static": "static-10"}

# Merged option by option while the method stays the same.
_CHOICES = ("schedule", *(field.name for seam in SEAMS for field in seam.fields if not field.listed))
_OWN = ("name", "summary", "extends")  # of one recipe, not of those that extend it


@dataclass(frozen=True)
class Shipped:
    """A recipe that comes with sooner, to be resolved against a task's own; `text` is that of its file."""

    name: str
    summary: str
    text: str


@dataclass(frozen=True)
class _Layer:
    """One recipe of a chain as it was written. `source` is how messages call it."""

    source: str
    fields: Mapping[str, Any]


def shipped() -> list[Shipped]:
    """The recipes that come with sooner: the baseline first, the others by name."""
    paths = [_SHIPPED / f"{name}.yaml" for name in _names()]
    return [Shipped(path.stem, _yaml.read(path)["summary"], path.read_text(encoding="utf-8")) for path in paths]


def resolve(name_or_path: str | Path, base: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Recipe:
    """The complete recipe of that name or file, over a task's own.

    A recipe may extend another, by its name or by a path from its own folder; at the bottom of every chain is `base`.
    What a recipe leaves out it takes from below. Options of an optimizer, a schedule, a sampling method, a loss and
    the like are taken over one by one while the method stays the same; with another method they start empty. Lists are
    taken whole. A budget such as "0.1x" is that share of the one below.

    Args:
        name_or_path: a shipped recipe's name or alias, or a YAML file.
        base: the fields of the task's own recipe, `Task.recipe`.
        changes: fields in place of the base's, below every recipe: what the command line asks for, such as a budget,
            which may be a share of the base's.

    Raises:
        RecipeError: a file cannot be read, a name is unknown, recipes extend each other in a circle, or a field is
            missing, unknown or wrong; it names the file and the field.
    """
    path = _find(name_or_path, Path())
    asked = [_Layer("the command line", changes)] if changes else []
    layers = [_Layer("the task's recipe", base), *asked, *reversed(_chain(path))]
    merged: dict[str, Any] = {}
    origins: dict[FieldPath, str] = {}
    for layer in layers:
        _merge(merged, origins, layer)
    top = layers[-1]
    own = {"name": path.stem, **{key: top.fields[key] for key in ("name", "summary") if key in top.fields}}
    try:
        return Recipe.from_dict({**merged, **own})
    except InvalidRecipe as error:
        raise invalid(error.problems, lambda field: _origin(field, origins, top.source)) from None


def load(path: str | Path) -> Recipe:
    """The complete recipe in a file, as `save` writes it. Raises RecipeError, also where it leaves out a field."""
    return resolve(path, {})


def save(recipe: Recipe, path: str | Path) -> None:
    """Write the recipe with all its fields to a YAML file."""
    _yaml.write(Path(path), recipe.to_dict())


def _names() -> list[str]:
    return sorted((path.stem for path in _SHIPPED.glob("*.yaml")), key=lambda name: (name != "baseline", name))


def _find(name_or_path: str | Path, folder: Path) -> Path:
    """The file of a recipe, named in a file of `folder`."""
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")):
        return folder / text
    names = _names()
    name = ALIASES.get(text, text)
    if name not in names:
        method = "it is a method, which a recipe of your own can choose; " if _is_method(text) else ""
        raise RecipeError(
            f"no recipe is named '{text}'; {method}{closest(text, [*names, *ALIASES])}, or a path that ends in .yaml"
        )
    return _SHIPPED / f"{name}.yaml"


def _is_method(name: str) -> bool:
    return any(method.name == name for method in registry.methods())


def _source(path: Path) -> str:
    return path.stem if path.parent == _SHIPPED else str(path)


def _chain(path: Path) -> list[_Layer]:
    """The recipe at `path` and those it extends, from it down."""
    layers: list[_Layer] = []
    seen: list[Path] = []
    while True:
        if path.resolve() in seen:
            circle = " -> ".join([*(layer.source for layer in layers), _source(path)])
            raise RecipeError(f"these recipes extend each other in a circle: {circle}")
        seen.append(path.resolve())
        layer = _Layer(_source(path), _yaml.read(path))
        layers.append(layer)
        below = layer.fields.get("extends")
        if below is None:
            return layers
        if not isinstance(below, str):
            raise RecipeError(f"{layer.source}: extends: must be a recipe's name or path, not {shown(below)}")
        try:
            path = _find(below, path.parent)
        except RecipeError as error:
            raise RecipeError(f"{layer.source}: extends: {error}") from None


def _merge(merged: dict[str, Any], origins: dict[FieldPath, str], layer: _Layer) -> None:
    """Lay the fields of `layer` over `merged`, and note which came from where."""
    for key, value in layer.fields.items():
        if key in _OWN:
            continue
        if key == "budget" and key in merged:
            value = _absolute(value, merged[key], origins[(key,)])
        origins[(key,)] = layer.source
        if key in _CHOICES and isinstance(value, str | Mapping):
            written = {"name": value} if isinstance(value, str) else dict(value)
            below = merged.get(key)
            if isinstance(below, dict) and written.get("name", below.get("name")) == below.get("name"):
                value = {**below, **written}
            else:
                value = written
                for path in [path for path in origins if path[0] == key and len(path) > 1]:
                    del origins[path]
            origins.update({(key, option): layer.source for option in written})
        merged[key] = value


def _absolute(written: object, below: object, source: str) -> object:
    """A relative budget as its share of the one below, which `source` wrote. `Recipe` refuses what is no budget."""
    try:
        budget = Budget.parse(written)
    except ValueError:
        return written
    if not budget.relative:
        return written
    try:
        return str(Budget.parse(below).scaled(budget.amount))
    except ValueError as error:
        raise RecipeError(f"{source}: budget: {error}") from None


def _origin(field: FieldPath, origins: Mapping[FieldPath, str], top: str) -> str:
    """Who wrote the field; where nobody did, it is missing from the recipe that was asked for."""
    return origins.get(field[:2]) or origins.get(field[:1]) or top
