"""What is wrong with a recipe, in words: where, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from sooner._names import closest
from sooner.errors import RecipeError

FieldPath = tuple[str | int, ...]

_WORDED = "worded"  # the type of those errors whose message is already what the user should read

_WANTED = {  # where pydantic's own words are for programmers
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "string_too_short": "some text",
    "string_type": "text",
    "tuple_type": "a list",
}


class Problem(NamedTuple):
    """One mistake: the path of the field, and a sentence about it that goes on from there."""

    path: FieldPath
    text: str


class InvalidRecipe(RecipeError):
    """A recipe with its problems, one line each; made by `invalid`."""

    problems: tuple[Problem, ...] = ()


def invalid(problems: Iterable[Problem], source: Callable[[FieldPath], str] = lambda path: "") -> InvalidRecipe:
    """The error that lists `problems`, each behind what `source` says of where its field was written."""
    all_problems = tuple(problems)
    error = InvalidRecipe("\n".join(_line(source(problem.path), problem) for problem in all_problems))
    error.problems = all_problems
    return error


def shown(value: object) -> str:
    """`value` as text, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refuse(given: object, *problems: Problem) -> ValidationError:
    """The error to raise in a validator: pydantic puts the path of the field before that of each problem."""
    details: list[InitErrorDetails] = [
        {"type": PydanticCustomError(_WORDED, problem.text), "loc": problem.path, "input": given}
        for problem in problems
    ]
    return ValidationError.from_exception_data("recipe", details)


def explained(error: ValidationError, allowed: Sequence[str] = ()) -> list[Problem]:
    """Each of pydantic's errors as a problem; `allowed` are the keys there may be."""
    return [Problem(tuple(detail["loc"]), _words(detail, allowed)) for detail in error.errors(include_url=False)]


def _words(detail: ErrorDetails, allowed: Sequence[str]) -> str:
    given: Any = detail["input"]
    message = detail["msg"]
    match detail["type"]:
        case kind if kind == _WORDED:
            return message
        case "missing":
            return "is required"
        case "extra_forbidden":
            return f"there is no such field; {closest(detail['loc'][-1], allowed)}"
        case "too_long":
            return f"must be a list of {detail['ctx']['max_length']}, not {shown(list(given))}"
        case "value_error":
            return message.removeprefix("Value error, ")
        case kind if kind in _WANTED:
            return f"must be {_WANTED[kind]}, not {shown(given)}"
        case _:
            return f"must be {message.removeprefix('Input should be ')}, not {shown(given)}"


def _line(source: str, problem: Problem) -> str:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem.path).lstrip(".")
    return ": ".join(part for part in (source, field, problem.text) if part)
