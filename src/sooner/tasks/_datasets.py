"""The package `datasets` of the extra `data`, or an error that names it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from sooner._extras import pip_install
from sooner.errors import DataError


def datasets(who: str) -> ModuleType:
    """The package `datasets`, which takes a second or two to import. Raises DataError where it is missing.

    `who` needs it: "the hub's data set 'owner/name'".
    """
    try:
        return import_module("datasets")
    except ModuleNotFoundError as error:
        if error.name != "datasets":
            raise
        raise DataError(f"{who} needs the package datasets: {pip_install('data')}") from error
