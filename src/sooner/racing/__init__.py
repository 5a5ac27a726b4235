"""The race: lanes, pairs, controls, clock, store and statistics. Needs `pip install sooner[race]`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sooner.racing.functions import race as race


def __getattr__(name: str) -> Any:
    if name == "race":  # looked up when it is used: it needs all of the race, which reading results does not
        from sooner.racing.functions import race

        return race
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
