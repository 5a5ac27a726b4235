"""The package of the extra `optim`, or an error that names it."""

from __future__ import annotations

from types import ModuleType

from sooner._extras import pip_install


def packaged(who: str) -> ModuleType:
    """`sooner.optim._packaged`. Raises ImportError, which says what to install, where its package is missing."""
    try:
        from sooner.optim import _packaged
    except ModuleNotFoundError as error:
        if error.name != "pytorch_optimizer":
            raise
        raise ImportError(f"{who} needs pytorch-optimizer: {pip_install('optim')}", name=error.name) from error
    return _packaged
