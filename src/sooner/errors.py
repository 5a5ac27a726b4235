"""Errors a user can act on. Each message says what was given, what was expected and what to do."""

from __future__ import annotations

from typing import Any


class SoonerError(Exception):
    """Base of every error that sooner raises about its inputs or surroundings, not about its own code."""


class DataError(SoonerError):
    """The data cannot be read, or is not what a task needs."""


class RecipeError(SoonerError):
    """A recipe has an unknown key, a wrong type, an impossible value, or names something that does not exist."""


class StoreError(SoonerError):
    """A race's folder cannot be read, written or continued."""


class TrustError(SoonerError):
    """A file that somebody may have sent names code to import or start, and the user has not agreed to it."""


class RunFailedError(SoonerError):
    """A race was stopped after a run that crashed, hung or gave no metric. All runs that had ended are kept.

    Attributes:
        result: what they show, a `RaceResult`, where `sooner.race` raised it; else None.
    """

    result: Any = None
