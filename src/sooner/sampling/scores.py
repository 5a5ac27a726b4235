"""The score store: what is known of each example, a number or a few, for any number of examples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

Column: TypeAlias = NDArray[Any]
Default: TypeAlias = float | int | bool | tuple[float, ...] | Tensor

_DTYPES: dict[type, type[np.generic]] = {float: np.float32, int: np.int32, bool: np.bool_}


class ScoreStore:
    """Named columns of one float32, int32 or bool per example: losses, scores, counts, flags. Or a vector of float32.

    Everything is addressed by int64 index. An update or a read of B examples costs O(B), some 10 microseconds for a
    batch of 128, however many examples there are. Memory is 4 bytes per example and column (1 for bool), of a column
    of vectors of C numbers 4 C: 2 MB for 50,000 examples of 10 classes, 5 GB for ImageNet's 1.28 million of 1,000.

    With several processes each notes what it observes itself, and `exchange` brings all of them level. Only the
    entries updated since the last exchange travel.

    Args:
        n: number of examples, at least 1.
        columns: each column's name and default; a float makes it (n,) float32, an int int32, a bool bool; C floats, as
            a tuple or a 1-d floating tensor, make it (n, C) float32.
        path: folder for memory-mapped files, where the columns are larger than memory. The files are working memory:
            they have no name, vanish with the store, and two stores may share a folder. None keeps all in memory.

    Attributes:
        version: rises with every change of the values.
        exchanges: how often what all processes noted was taken in.
        recording: whether to note which entries are updated, for `observed` and `exchange`: one more byte per
            example. A sharded sampler turns it on.

    Raises:
        ValueError: n is not at least 1, or a default is none of these kinds, or a column is called "index".
    """

    def __init__(self, n: int, columns: Mapping[str, Default], path: str | Path | None = None) -> None:
        if n < 1:
            raise ValueError(f"n, the number of examples, must be at least 1, not {n}")
        wrong = [name for name, default in columns.items() if not _makes_a_column(default) or name == "index"]
        if wrong:
            raise ValueError(
                "a column needs a name other than 'index' and a float, an int, a bool or some floats as its default; "
                f"see {', '.join(wrong)}"
            )
        self.n = n
        self.version = 0
        self.exchanges = 0
        self._defaults = {name: _plain(default) for name, default in columns.items()}
        self._columns = {name: _column(n, default, path) for name, default in self._defaults.items()}
        self._touched: Column | None = None

    def __getitem__(self, name: str) -> Tensor:
        """The column `name`, (n,) or (n, C), itself and no copy: read it, and write through `update`."""
        return torch.from_numpy(self._columns[name])

    @property
    def dtypes(self) -> dict[str, torch.dtype]:
        """The columns and their kinds."""
        return {name: self[name].dtype for name in self._columns}

    def read(self, name: str, index: Tensor) -> Tensor:
        """(B,) or (B, C) the values of column `name` at `index`, (B,) int64, on the CPU."""
        return torch.from_numpy(self._columns[name][self._positions(index)])

    def update(self, index: Tensor, **values: Tensor) -> None:
        """Set columns at `index`, (B,) int64, to `values`, each (B,) or (B, C). Of duplicates the last one stays.

        Index and values may lie on any device; what is on an accelerator is waited for and fetched.

        Raises:
            TypeError: the index is not int64.
            IndexError: an index is outside 0..n-1.
            ValueError: a column's values are not one per index, or one vector of its length per index.
            KeyError: there is no column of that name.
        """
        at = self._positions(index)
        columns = {name: self._values(name, value, len(at)) for name, value in values.items()}
        for name, value in columns.items():
            self._columns[name][at] = value  # numpy, which promises that the last of duplicates wins
        if self._touched is not None:
            self._touched[at] = True
        self.version += 1

    def reset(self, index: Tensor) -> None:
        """Set all columns at `index`, (B,) int64, back to their defaults. Raises as `update` does."""
        at = self._positions(index)
        for name, default in self._defaults.items():
            self._columns[name][at] = default
        if self._touched is not None:
            self._touched[at] = True
        self.version += 1

    @property
    def recording(self) -> bool:
        return self._touched is not None

    @recording.setter
    def recording(self, on: bool) -> None:
        if on != self.recording:
            self._touched = np.zeros(self.n, dtype=np.bool_) if on else None

    def observed(self) -> dict[str, Tensor]:
        """The entries updated since the last exchange: "index" (k,) int64, ascending, and each column's values there.

        With `merge`, for processes that talk by other means than torch.distributed.
        """
        if self._touched is None:
            raise RuntimeError("what was updated is not noted; set recording = True before the first update")
        at = np.flatnonzero(self._touched)
        return {"index": torch.from_numpy(at), **{name: self[name][at] for name in self._columns}}

    def merge(self, everyones: Iterable[Mapping[str, Tensor]]) -> None:
        """Take in every process's `observed()`, in the order of ranks, this one's own among them.

        Where two ranks saw the same example the higher rank's values stay, on all of them.
        """
        for entries in everyones:
            self.update(entries["index"], **{name: entries[name] for name in self._columns})
        self.exchanges += 1
        if self._touched is not None:
            self._touched[:] = False

    def exchange(self) -> None:
        """Bring the stores of all processes level; every rank of torch.distributed's default group must call it.

        Does nothing without torch.distributed, or in a world of one. Two collectives, and 8 bytes plus the columns'
        per entry. Indices stay int64 all the way.
        """
        if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
            return
        own = self.observed()
        fields = ((name, column.dtype, column.shape[1:]) for name, column in self._columns.items())
        layout = np.dtype([("index", np.int64), *fields])
        records = np.empty(len(own["index"]), dtype=layout)
        for name, value in own.items():
            records[name] = value.numpy()
        heads = _gathered(torch.tensor([len(records), self.version]))
        payload = np.zeros(max(1, *(int(head[0]) for head in heads)), dtype=layout)  # as long on every rank
        payload[: len(records)] = records
        everyones = []
        for head, received in zip(heads, _gathered(torch.from_numpy(payload.view(np.uint8))), strict=True):
            theirs = received.numpy().view(layout)[: int(head[0])]
            everyones.append({name: torch.from_numpy(theirs[name].copy()) for name in own})
        self.merge(everyones)
        self.version = max(int(head[1]) for head in heads) + 1

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything: {"version": int, "columns": name to (n,) or (n, C) tensor}.

        Among several processes, `exchange` first: the state holds what this one knows.
        """
        return {"version": self.version, "columns": {name: self[name].clone() for name in self._columns}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a `state_dict()` of a store of the same n and columns. Raises ValueError for another one's."""
        columns: Mapping[str, Tensor] = state["columns"]
        theirs = {name: (column.dtype, tuple(column.shape)) for name, column in columns.items()}
        mine = {name: (self[name].dtype, column.shape) for name, column in self._columns.items()}
        if theirs != mine:
            raise ValueError(f"the state holds other scores: {theirs} there and {mine} here")
        for name, column in columns.items():
            self[name].copy_(column)
        if self._touched is not None:
            self._touched[:] = False
        self.version = int(state["version"])

    def __repr__(self) -> str:
        kinds = ", ".join(
            f"{name}: {'' if column.ndim == 1 else f'{column.shape[1]} '}{column.dtype}"
            for name, column in self._columns.items()
        )
        return f"<ScoreStore of {self.n} examples, {kinds or 'no columns'}>"

    def _positions(self, index: Tensor) -> NDArray[np.int64]:
        if index.dtype != torch.int64 or index.ndim != 1:
            raise TypeError(
                f"index must be a 1-d int64 tensor, not {index.dtype} of shape {tuple(index.shape)}: an index that "
                "passes through a float names another example"
            )
        at: NDArray[np.int64] = index.detach().cpu().numpy()
        # As unsigned words a negative index is larger than any n, so one look finds both kinds of outliers.
        if len(at) and int(at.view(np.uint64).max()) >= self.n:
            raise IndexError(f"indices must be from 0 to {self.n - 1}, not {at.min()} to {at.max()}")
        return at

    def _values(self, name: str, value: Tensor, count: int) -> Column:
        if name not in self._columns:
            raise KeyError(f"there is no column '{name}'; there are: {', '.join(self._columns) or 'none'}")
        if value.shape != (count, *self._columns[name].shape[1:]):
            if self._columns[name].ndim > 1:
                raise ValueError(
                    f"{name} must be a vector of {self._columns[name].shape[1]} for each of the {count} indices, shape "
                    f"({count}, {self._columns[name].shape[1]}), not {tuple(value.shape)}"
                )
            raise ValueError(
                f"{name} must be one number for each of the {count} indices, shape ({count},), not "
                f'{tuple(value.shape)}; with a torch loss pass reduction="none" and reduce it after this call'
            )
        column: Column = value.detach().to("cpu", self[name].dtype).numpy()
        return column


def _makes_a_column(default: object) -> bool:
    if isinstance(default, Tensor):
        return default.ndim == 1 and len(default) > 0 and default.is_floating_point()
    if isinstance(default, tuple):
        return len(default) > 0 and all(type(value) is float for value in default)
    return type(default) in _DTYPES


def _plain(default: Default) -> float | int | bool | tuple[float, ...]:
    return tuple(default.detach().double().tolist()) if isinstance(default, Tensor) else default


def _column(n: int, default: float | int | bool | tuple[float, ...], path: str | Path | None) -> Column:
    dtype = np.float32 if isinstance(default, tuple) else _DTYPES[type(default)]
    shape = (n, len(default)) if isinstance(default, tuple) else (n,)
    if path is None:
        return np.full(shape, default, dtype=dtype)
    with tempfile.TemporaryFile(dir=path) as file:  # the mapping outlives the file's name and handle
        column = np.asarray(np.memmap(file, dtype=dtype, mode="w+", shape=shape))
    if np.any(default):
        column[:] = default
    return column


def _gathered(own: Tensor) -> list[Tensor]:
    """`own` of every rank, in order, on the CPU; of equal shape on all."""
    device = torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")
    everyones = [torch.empty_like(own, device=device) for _ in range(dist.get_world_size())]
    dist.all_gather(everyones, own.to(device))
    return [theirs.cpu() for theirs in everyones]
