"""Tasks: data sets by name and the user's own, with a baseline recipe and a target for each."""

from sooner.tasks._base import Data, Examples, Kind, Task
from sooner.tasks.catalog import default_recipe, get_task, tasks
from sooner.tasks.examples import InMemory, OnDisk
from sooner.tasks.loading import load_data
from sooner.tasks.split import split

__all__ = [
    "Data",
    "Examples",
    "InMemory",
    "Kind",
    "OnDisk",
    "Task",
    "default_recipe",
    "get_task",
    "load_data",
    "split",
    "tasks",
]
