"""What `load_data` can be asked for, and which kind of source a text names. Loads no library of any data format."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from sooner.errors import DataError


@dataclass(frozen=True)
class Known:
    """A data set by name: where the hub has it, its images' shape, and how its label column may be called."""

    hub: str
    shape: tuple[int, int, int]
    labels: tuple[str, ...] = ("label",)


KNOWN = {
    "mnist": Known("ylecun/mnist", (1, 28, 28)),
    "fashion_mnist": Known("zalando-datasets/fashion_mnist", (1, 28, 28)),
    "cifar10": Known("uoft-cs/cifar10", (3, 32, 32)),
    "cifar100": Known("uoft-cs/cifar100", (3, 32, 32), ("label", "fine_label")),
}
NAMES = ("digits", *KNOWN)

Source = Literal["embedded", "name", "path", "function", "hub"]


def find_source(spec: str) -> Source:
    """What `spec` names, by its form and from the files that are there: nothing is read, no network asked.

    Raises DataError when it can be none of them.
    """
    if spec == "digits":
        return "embedded"
    if spec in KNOWN:
        return "name"
    path = Path(spec).expanduser()
    if path.exists():
        return "path"
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", spec):
        return "function"
    from sooner.tasks._files import KINDS

    if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", spec) and path.suffix.lower() not in KINDS:
        return "hub"
    if path.suffix or len(path.parts) > 1:
        raise DataError(f"there is no file or folder {path} (looked for {path.absolute()})")
    close = get_close_matches(spec, NAMES, n=2)
    hint = f" (did you mean {' or '.join(close)}?)" if close else ""
    raise DataError(
        f"'{spec}' is no known data set{hint}, and there is no file or folder of that name. Known are: "
        f"{', '.join(NAMES)}; else give a path, a hub name (owner/name) or module:function"
    )


def data_folder() -> Path:
    """Where data sets by name are looked for: `$SOONER_DATA`, by default ~/.cache/sooner/datasets."""
    return Path(os.environ.get("SOONER_DATA") or "~/.cache/sooner/datasets").expanduser()
