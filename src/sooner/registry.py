"""One frozen record per method: what it is, where it comes from, what it costs, and when it helps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from types import MappingProxyType
from typing import Any

from sooner import seams
from sooner.seams import SEAMS, Use

# What whoever trains gives to a method, where its signature names it; the rest of the signature are its options.
GIVEN = {
    "n": "number of training examples",
    "batch_size": "examples per step, over all processes",
    "seed": "any integer",
    "targets": "(n,) class of each training example",
    "classes": "number of classes",
    "model": "the module that is trained",
    "optimizer": "the optimizer over the model's parameters",
    "inputs": "(B, ...) a few inputs, as the model takes them",
    "batches": "iterable of `Batch`es of training examples, each time anew",
    "loss": "(outputs, targets, index) -> (B,) loss of each example",
}


@dataclass(frozen=True)
class Method:
    """What sooner knows of one method.

    Attributes:
        name: how recipes and the command line call it, lower case with hyphens.
        seam: the place in a training step where it acts.
        make: the class or function itself.
        title: its name as published.
        paper: authors and title, or where it is folklore, that word.
        year: of the paper; None for folklore.
        changes: what it changes in training, one sentence.
        costs: what it costs per step and in memory, one sentence.
        helps: when it helps.
        hurts: when it does not.
        scored: it looks at the model or the losses to choose examples or weights.
        control: of a scored method, from its options to the choice (name and options in one mapping) of a method of its
            seam that picks as much at random: a race adds that lane.
        cheaper: a step passes its examples faster than without it (smaller images, fewer channels), by a measure that
            progress alone decides: a race gives its controls the lane's seconds, not its examples.
        many: a run may have others of its seam beside it; of the rest of a seam it has one.
        stage: among methods of one seam that act on the same thing, the lower stage acts first.
        refuses: what it cannot be combined with, and why: "seam/name" patterns to a sentence.
        problems: from the fields of a recipe that chooses it, as plain data, to what it cannot work with there: the
            path of a field to what is wrong with it.
        use: its lines in a plain loop, where they are not those of its seam.
        extra: of sooner's packaging that it needs: "optim".
        exempt: what of the shared contract does not apply to it, and why: the test's word to a sentence.
        example: options of a small working instance; the shared contract is run on it.
    """

    name: str
    seam: str
    make: Callable[..., Any]
    title: str
    paper: str
    year: int | None
    changes: str
    costs: str
    helps: str
    hurts: str
    scored: bool = False
    control: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    cheaper: bool = False
    many: bool = False
    stage: int = 0
    refuses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problems: Callable[[Mapping[str, Any]], Mapping[tuple[str, ...], str]] | None = None
    use: Use | None = None
    extra: str | None = None
    exempt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    example: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The method's own arguments, by name: those that a recipe may set."""
        return {name: parameter for name, parameter in self.parameters.items() if name not in GIVEN}

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """All of its arguments by name, those that training gives it included."""
        return dict(inspect.signature(self.make, eval_str=True).parameters)


_METHODS: dict[tuple[str, str], Method] = {}


def register(method: Method) -> Method:
    """Make `method` known under its seam and name; a second one of the same name is refused.

    Raises KeyError for a seam that there is not, ValueError for a name that is taken, and for a scored method without a
    control: a race could not tell what its choice is worth.
    """
    seams.seam(method.seam)
    if method.scored and method.control is None:
        raise ValueError(
            f"{method.name} is scored, so its record needs `control`: from its options to the choice that picks as "
            "much at random"
        )
    key = (method.seam, method.name)
    if key in _METHODS:
        raise ValueError(f"{method.seam} already has a method named '{method.name}'")
    _METHODS[key] = method
    return method


def methods(pattern: str = "*", seam: str | None = None) -> list[Method]:
    """The registered methods whose name matches the shell-style `pattern`, by seam and name."""
    for each in SEAMS:
        import_module(each.package)
    found = (m for m in _METHODS.values() if fnmatchcase(m.name, pattern) and seam in (None, m.seam))
    return sorted(found, key=lambda m: (m.seam, m.name))


def get(seam: str, name: str) -> Method:
    """The method of that seam and name. Raises KeyError naming those there are."""
    known = methods(seam=seam)
    for method in known:
        if method.name == name:
            return method
    raise KeyError(f"no {seam} method is named '{name}'; there are: {', '.join(m.name for m in known) or 'none'}")


def make(seam: str, name: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The method of that seam and name, made with its `options` and with what it takes of `given`, keys of `GIVEN`.

    Raises:
        KeyError: the seam has no such method; the message lists those there are.
        TypeError: it has no such option, or one that it needs is not given; the message lists its options.
        ValueError: a value is out of range.
    """
    method = get(seam, name)
    unknown = sorted(set(options) - set(method.options))
    needed = {name for name, parameter in method.options.items() if parameter.default is inspect.Parameter.empty}
    lacking = sorted(needed - set(options))
    if unknown or lacking:
        problem = f"has no option {', '.join(unknown)}" if unknown else f"needs the option {', '.join(lacking)}"
        raise TypeError(f"{name} {problem}; its options are: {', '.join(method.options) or 'none'}")
    return method.make(**{key: value for key, value in given.items() if key in method.parameters}, **options)
