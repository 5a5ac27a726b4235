"""The package `datasets` of the extra `data`, or an error that names it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from sooner.errors import DataError


def datasets(who: str) -> ModuleType:
    """The package `datasets`, which takes a second or two to import. Raises DataError where it is missing.

    `who` needs it: "the hub's data set 'owner/name'".
    """
    for name in ("datasets", "huggingface_hub"):
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise DataError(f"{who} needs the package {name.replace('_', '-')}: pip install 'sooner[data]'") from error
    return import_module("datasets")
