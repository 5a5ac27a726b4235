"""In what two recipes differ, method by method and option by option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sooner.seams import SEAMS

_FIELDS = {field.name: field for seam in SEAMS for field in seam.fields}
_WORDS = ("name", "summary")
_CHOICES = ("schedule",)  # choose by name and options, but no method of a seam


@dataclass(frozen=True)
class Change:
    """One thing that a recipe has otherwise than another.

    Attributes:
        field: of the recipe.
        before: what the other recipe has there; a choice with its options, a value, None for nothing.
        after: what the recipe has.
        option: of the choice in that field, where both recipes choose the same; else "".
        method: the name of the method of a seam that the recipe has and the other has not; else "". Another optimizer
            is one, the same one at another rate is not.
    """

    field: str
    before: Any
    after: Any
    option: str = ""
    method: str = ""


def changes(recipe: Mapping[str, Any], other: Mapping[str, Any], *, but: Sequence[str] = ()) -> list[Change]:
    """What `recipe` has otherwise than `other`, both as `Recipe.to_dict` gives them, in the order of their fields.

    Args:
        recipe, other: a field that is missing holds nothing.
        but: fields to leave out, besides name and summary.
    """
    found: list[Change] = []
    for field in dict.fromkeys([*other, *recipe]):
        if field in (*_WORDS, *but):
            continue
        before, after = other.get(field), recipe.get(field)
        if field in _FIELDS and _FIELDS[field].listed:
            found += _listed(field, before or (), after or ())
        elif field in _FIELDS or field in _CHOICES:
            found += _chosen(field, before, after)
        elif before != after:
            found.append(Change(field, before, after))
    return found


def methods(found: Sequence[Change]) -> tuple[str, ...]:
    """The methods among these changes, each once."""
    return tuple(dict.fromkeys(change.method for change in found if change.method))


def settings(found: Sequence[Change]) -> tuple[Change, ...]:
    """The changes that bring no method."""
    return tuple(change for change in found if not change.method)


def _name(choice: Any) -> str:
    return str(choice["name"]) if isinstance(choice, Mapping) else str(choice)


def _options(choice: Any) -> dict[str, Any]:
    options = dict(choice) if isinstance(choice, Mapping) else {}
    return {name: _plain(value) for name, value in options.items() if name != "name"}


def _plain(value: Any) -> Any:
    """Tuples as lists: JSON, by which results are kept, does not know the difference."""
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _chosen(field: str, before: Any, after: Any) -> Iterator[Change]:
    if before is not None and after is not None and _name(before) == _name(after):
        yield from _by_option(field, before, after)
    elif before is not None or after is not None:
        method = _name(after) if after is not None and field in _FIELDS else ""
        yield Change(field, before, after, method=method)


def _by_option(field: str, before: Any, after: Any) -> Iterator[Change]:
    one, other = _options(before), _options(after)
    for option in dict.fromkeys([*one, *other]):
        if one.get(option) != other.get(option):
            yield Change(field, one.get(option), other.get(option), option=option)


def _listed(field: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    """Methods that came in, that are gone, and options of those that stayed, which are matched in their order."""
    known = {_name(choice) for choice in before}
    left = list(before)
    for choice in after:
        name = _name(choice)
        same = next((each for each in left if _name(each) == name), None)
        if same is None:
            yield Change(field, None, choice, method="" if name in known else name)
        else:
            left.remove(same)
            yield from _by_option(field, same, choice)
    for choice in left:
        yield Change(field, choice, None)
