"""What a task is: data in three parts, a model by name, a metric and a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

Kind = Literal["image", "tabular"]


class Examples(Protocol):
    """A set of examples that can be asked for by position, in memory or on disk.

    `fetch(index)` takes a (B,) int64 tensor of positions in this set and returns `(inputs, targets)` on the set's
    device: images (B, C, H, W) uint8, rows (B, F) float32; targets (B,) int64. `targets` is all of them, (n,) int64.
    """

    targets: Tensor

    def __len__(self) -> int: ...
    def fetch(self, index: Tensor) -> tuple[Tensor, Tensor]: ...
    def subset(self, rows: Tensor) -> Examples:
        """The examples at these positions, in this order, without copying any input."""
        ...

    def to(self, device: torch.device) -> Examples:
        """The same set for training on `device`; a set in memory moves there whole."""
        ...


@dataclass(frozen=True)
class Data:
    """A data set as it was loaded, before the split into training and validation.

    Attributes:
        name: as the user gave it.
        kind: "image" or "tabular".
        train: what training and validation are split from.
        test: kept apart, touched once at the end of a run.
        classes: the label of each class, in the order of the targets.
        shape: of one input: (C, H, W) or (F,).
        fingerprint: hex digest of the content, so that a race resumes on the same data only.
        skipped: examples left out because they could not be read, with the reason, when that was asked for.
    """

    name: str
    kind: Kind
    train: Examples
    test: Examples
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A question a race can ask: this data, this model, this target.

    Attributes:
        name: as given on the command line.
        data: how `load_data` finds the data: a known name, a path, a hub name or `module:function`.
        target: of the validation metric.
        recipe: the baseline recipe's fields for this task (model, budget, batch_size, optimizer, ...), as in YAML.
        metric: "accuracy", a share in [0, 1].
        summary: one line about it.
        options: label column, skip_bad and the like, for `load_data`.
        lanes: names of the recipes that are raced where the user names none.
    """

    name: str
    data: str
    target: float
    recipe: Mapping[str, Any]
    metric: str = "accuracy"
    summary: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    lanes: tuple[str, ...] = ("rs2-10",)
