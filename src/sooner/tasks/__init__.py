"""Tasks: data sets by name and the user's own, with a baseline recipe and a target for each."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sooner.tasks._base import Data, Examples, Kind, Task
from sooner.tasks.catalog import default_recipe, get_task, tasks
from sooner.tasks.sources import data_folder
from sooner.tasks.split import split

if TYPE_CHECKING:
    from sooner.tasks.examples import InMemory, OnDisk
    from sooner.tasks.loading import load_data

__all__ = [
    "Data",
    "Examples",
    "InMemory",
    "Kind",
    "OnDisk",
    "Task",
    "data_folder",
    "default_recipe",
    "get_task",
    "load_data",
    "split",
    "tasks",
]

# Loaded when asked for: they bring the libraries of the data formats, which a list of tasks has no use for.
_WHERE = {
    "InMemory": "sooner.tasks.examples",
    "OnDisk": "sooner.tasks.examples",
    "load_data": "sooner.tasks.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'sooner.tasks' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
