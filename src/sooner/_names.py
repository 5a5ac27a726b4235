"""What to say of a name that is not there: the one most like it, and all that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(given: object, allowed: Iterable[str]) -> str:
    """The allowed names, after the one most like `given` if there is such a one: "did you mean 'lr'? allowed: a, b"."""
    names = list(allowed)
    match = get_close_matches(str(given).lower(), names, n=1)
    return f"did you mean '{match[0]}'? allowed: {', '.join(names)}" if match else f"allowed: {', '.join(names)}"
