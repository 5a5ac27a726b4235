"""What a resumed race says of its runs before it goes on: which are repeated, what added pairs cost, what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sooner.racing.amending import Amended, Amendment
from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import without_trials
from sooner.racing.record import RunRecord
from sooner.reporting.format import join, number_of
from sooner.statistics.extension import extended
from sooner.statistics.signed_rank import min_pairs

_MOST_NAMED = 5


def lines(asked: Amendment, before: Plan, amended: Amended, left: Sequence[RunRecord]) -> Iterator[str]:
    """Lines for a terminal.

    Args:
        asked: of the race.
        before: the plan as it was.
        amended: what came of it.
        left: the runs that have ended, without those to be repeated.
    """
    raced = without_trials(before, left)
    if asked.retry:
        yield _repeated(amended.repeat) if amended.repeat else _nothing_failed(raced)
    if amended.plan.pairs > before.pairs:
        yield _more_pairs(before, amended.plan)
    if not agenda(amended.plan, left):
        yield _over(amended.plan, raced)


def _repeated(runs: Sequence[RunRecord]) -> str:
    named = [f"{run.lane} seed {run.seed} ({run.stopped})" for run in runs[:_MOST_NAMED]]
    rest = [f"{len(runs) - _MOST_NAMED} more"] if len(runs) > _MOST_NAMED else []
    return f"repeating {number_of(len(runs), 'run')} that failed: {join([*named, *rest])}; each stays in race.db"


def _nothing_failed(left: Sequence[RunRecord]) -> str:
    ended = sum(run.stopped is not None for run in left)
    also = (
        f" {number_of(ended, 'run')} ended early by what {'its' if ended == 1 else 'their'} lane does, as one that "
        "diverges: that is a result, as a target missed is one, and repeating results would be choosing among them."
        if ended
        else ""
    )
    return f"no run failed, so none is repeated.{also}"


def _more_pairs(before: Plan, plan: Plan) -> str:
    change = f"{number_of(plan.pairs, 'pair')} instead of {before.pairs}"
    if not plan.looked:
        return f"{change}; no verdict could be seen yet, so it costs nothing"
    level = extended(plan.looked).alpha
    fewest = min_pairs(level) or plan.pairs
    few = f". Under {number_of(fewest, 'pair')} nothing can be decided at that level" if plan.pairs < fewest else ""
    return (
        f"{change}. A verdict could be seen after {join([str(pairs) for pairs in plan.looked])}, so all "
        f"{plan.pairs} are judged at {100 * level:.2g}% instead of 5%, which keeps false verdicts over all looks at "
        f"5% at most; intervals are wider than those of a race that was planned so{few}"
    )


def _over(plan: Plan, left: Sequence[RunRecord]) -> str:
    failed = sum(run.failed for run in left)
    which = "it" if failed == 1 else "them"
    retry = f" {number_of(failed, 'run')} failed: --retry failed repeats {which}." if failed else ""
    fixed = plan.rules.until == "pairs" and not plan.rules.confirm
    more = f" More pairs than {plan.pairs}: --pairs with their number." if fixed else ""
    return (
        f"this race is over, with {number_of(len(left), 'run')}: nothing is left to run, and its results are written "
        f"again.{retry}{more}"
    )
