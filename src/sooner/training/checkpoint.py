"""Checkpoints: nested plain data and tensors in one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sooner import files
from sooner.errors import StoreError

_TENSOR, _ITEMS, _TUPLE = "$tensor", "$items", "$tuple"


def _flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        key = f"{len(tensors)}:{path}"
        # A copy per entry: safetensors refuses tensors that share memory, and wants them contiguous.
        tensors[key] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: key}
    if isinstance(value, dict):
        return {_ITEMS: [[key, _flatten(item, f"{path}.{key}", tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_flatten(item, f"{path}.{i}", tensors) for i, item in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint holds tensors and plain data; {path} is a {type(value).__name__}")


def _restore(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_restore(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensors[value[_TENSOR]]
    if _TUPLE in value:
        return tuple(_restore(item, tensors) for item in value[_TUPLE])
    return {key: _restore(item, tensors) for key, item in value[_ITEMS]}


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state`, a tree of dicts, lists and tuples over tensors and plain data, to `path`.

    The file is complete or absent, whenever the process dies. Raises TypeError for anything else in the tree, and
    StoreError if the disk is full or the folder cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    tree = _flatten(state, "state", tensors)
    try:
        with files.replacing(path) as part:
            save_file(tensors, part, metadata={"tree": json.dumps(tree)})
    except (OSError, SafetensorError) as error:
        raise StoreError(f"could not write the checkpoint {path} ({error}); make room and resume") from error


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote, tensors on the CPU. Runs no code of the file. Raises StoreError if it is not one."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  not a mapping
            tree = json.loads(file.metadata()["tree"])
        state = _restore(tree, tensors)
        if not isinstance(state, dict):
            raise TypeError(f"it holds a {type(state).__name__}")
    except Exception as error:
        raise StoreError(
            f"{path} is not a checkpoint that can be read ({type(error).__name__}: {error}); delete it to start this "
            "run again"
        ) from error
    return state


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load an optimizer's state, each moment laid out in memory as its parameter is (channels last, say)."""
    optimizer.load_state_dict(state)
    for parameter, slots in optimizer.state.items():
        for name, value in slots.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                slots[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def random_state(device: torch.device) -> dict[str, Any]:
    """The global generators' states, for what inside a model draws from them (dropout)."""
    state: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def load_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Put back what `random_state` took."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
