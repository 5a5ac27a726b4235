"""The engine that a user names."""

from __future__ import annotations

from sooner.errors import SoonerError
from sooner.racing.engines.local import LocalEngine
from sooner.racing.plan.plan import Plan
from sooner.racing.protocols import Engine
from sooner.racing.runs import make_runs
from sooner.tasks import Data

ENGINES = ("local", "ray")


def check_engine(name: str) -> None:
    """Raises SoonerError for an engine that is unknown or not installed."""
    if name not in ENGINES:
        raise SoonerError(f"--engine must be {' or '.join(ENGINES)}, not {name}")
    if name == "ray":
        from sooner.racing.engines import ray  # says what is missing

        assert ray


def make_engine(name: str, plan: Plan, data: Data | None, *, save_every: float, keep_going: bool = False) -> Engine:
    """The engine of that name for the runs of `plan`, which saves what is under way every `save_every` seconds.

    If it is to `keep_going`, a metric is believed whatever its scale.

    Raises SoonerError as `check_engine` does, and where the lanes cannot run here.
    """
    check_engine(name)
    if name == "local":
        return LocalEngine(make_runs(plan, data, keep_going=keep_going), save_every=save_every)
    from sooner.racing.engines.ray import RayEngine

    return RayEngine(plan, data, save_every=save_every, keep_going=keep_going)
