"""Reach your accuracy sooner, and prove it.

The published methods of efficient training, one by one, for any PyTorch loop, and a race that measures which of them
pays on your own data. Importing this loads torch and numpy alone, and them only where a name is used; the race is in
`sooner[race]`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sooner._version import __version__ as __version__

if TYPE_CHECKING:
    from sooner._report import report as report
    from sooner.batch import Batch as Batch
    from sooner.batch import Indexed as Indexed
    from sooner.batch import collate as collate
    from sooner.batch_norm import update_bn as update_bn
    from sooner.commands.race_functions import race as race
    from sooner.sampling.permutation import Permutation as Permutation

_WHERE = {
    "Batch": "sooner.batch",
    "Indexed": "sooner.batch",
    "collate": "sooner.batch",
    "race": "sooner.commands.race_functions",
    "report": "sooner._report",
    "update_bn": "sooner.batch_norm",
    "Permutation": "sooner.sampling.permutation",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that the command line is there at once and an interrupt meets no half-loaded torch.
    if name not in _WHERE:
        raise AttributeError(f"module 'sooner' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_WHERE]
