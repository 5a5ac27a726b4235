"""What `sooner methods` and `sooner tasks` show, from a file: the records need PyTorch, which takes seconds to load.

`sooner.cards.indexing` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("index.json")
IMAGE = (3, 32, 32)  # the shape of one input for which the cost of models is given, with 10 classes


@dataclass(frozen=True)
class MethodEntry:
    """A method; the fields that `Method` has, too, are those of its record.

    Attributes:
        options: each as its signature has it.
        needs: packages to install for it.
        measured: results, a sentence each.
        path: "sooner.sampling.rs2.RS2".
        loop: lines of a plain loop with it.
        recipe: the line of a recipe that chooses it.
    """

    seam: str
    name: str
    title: str
    paper: str
    year: int | None
    changes: str
    costs: str
    helps: str
    hurts: str
    options: list[str]
    needs: list[str]
    refuses: Mapping[str, str]
    measured: list[str]
    path: str
    loop: list[str]
    recipe: str


@dataclass(frozen=True)
class RecipeEntry:
    """A recipe that comes with sooner.

    Attributes:
        text: the file.
        methods: the names of the methods that it chooses and the baseline does not.
    """

    name: str
    summary: str
    text: str
    methods: list[str]


@dataclass(frozen=True)
class TaskEntry:
    """A task by name; `recipe` is its own, as YAML."""

    name: str
    model: str
    budget: str
    target: float
    summary: str
    lanes: list[str]
    recipe: str


@dataclass(frozen=True)
class ModelEntry:
    """A model by name, with its parameters and the FLOPs of one forward pass on an input of shape `IMAGE`."""

    name: str
    summary: str
    parameters: int
    flops: int


@dataclass(frozen=True)
class Index:
    """All of them, in the order in which they are listed."""

    methods: list[MethodEntry]
    recipes: list[RecipeEntry]
    tasks: list[TaskEntry]
    models: list[ModelEntry]


def read() -> Index:
    """The index as it was written last. Loads neither PyTorch nor anything else of sooner."""
    kept: Mapping[str, Iterable[Mapping[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return Index(
        [MethodEntry(**each) for each in kept["methods"]],
        [RecipeEntry(**each) for each in kept["recipes"]],
        [TaskEntry(**each) for each in kept["tasks"]],
        [ModelEntry(**each) for each in kept["models"]],
    )
