"""What may be asked of a race that has begun: to repeat the runs that failed, and to run more pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sooner._words import number_of
from sooner.errors import RecipeError, StoreError
from sooner.racing import provenance
from sooner.racing.lock import locked
from sooner.racing.plan.lanes import saved_name
from sooner.racing.plan.plan import MAX_PAIRS, Plan, refuse_mismatch
from sooner.racing.plan.tuning import without_trials
from sooner.racing.race import stored_plan
from sooner.racing.record import RunRecord
from sooner.racing.runs import own_code
from sooner.racing.scoring import score
from sooner.racing.store import Store
from sooner.racing.trackers._ledger import Ledger
from sooner.statistics.family import fewest_pairs

Retry = Literal["failed"]


@dataclass(frozen=True)
class Amendment:
    """What is asked of a race when it is resumed.

    Attributes:
        retry: "failed": repeat the runs that crashed, hung or gave no metric, with the code as it is now. None leaves
            them as they are.
        pairs: the number of pairs that it is to have; None for the one that was planned.

    Raises:
        RecipeError: for another word than "failed".
    """

    retry: Retry | None = None
    pairs: int | None = None

    def __post_init__(self) -> None:
        if self.retry not in (None, "failed"):
            raise RecipeError(
                f"--retry takes the word failed, not {self.retry}: it repeats runs that crashed, hung or gave no "
                "metric. Runs that diverged or missed the target are results, and whoever repeats results until they "
                "please chooses among them"
            )


@dataclass(frozen=True)
class Amended:
    """What came of it: the plan that holds from now on, and the runs that are to be repeated."""

    plan: Plan
    repeat: tuple[RunRecord, ...] = ()


def with_pairs(plan: Plan, pairs: int | None) -> Plan:
    """The plan with so many pairs; where it was seen before is for `amend` to add.

    Raises StoreError for fewer than planned, more than `MAX_PAIRS`, and for a race that chooses by what it sees.
    """
    if pairs is None or pairs == plan.pairs:
        return plan
    if pairs < plan.pairs:
        raise StoreError(
            f"this race was planned with {plan.pairs} pairs, and cannot be made one of {pairs}: where it ends would be "
            f"chosen by what was seen. Give --pairs more than {plan.pairs}, or leave it out"
        )
    if pairs > MAX_PAIRS:
        raise StoreError(
            f"a race has at most {number_of(MAX_PAIRS, 'pair')}, not {pairs:,}; give as many as there is time for, "
            "since what is planned cannot be made less"
        )
    if plan.rules.until == "decided" or plan.rules.confirm:
        what = "a race until decided" if plan.rules.until == "decided" else "a race that confirms its winner"
        raise StoreError(
            f"{what} chooses by what it sees, and has spent its 5% of false verdicts on the pairs that were planned; "
            f"race on fresh seeds instead, with --seed {plan.seed + plan.pairs} and another --out"
        )
    return replace(plan, pairs=pairs)


def amend(folder: Path, asked: Amendment, environment: Mapping[str, Any]) -> Amended:
    """Write what is `asked` into the race in `folder`: all of it or, if the process dies meanwhile, nothing.

    The runs that failed leave the race and stay in its store as attempts; resuming the race then makes them again.
    With `retry` the code of programs and functions may be another than before, which is kept with every run.

    Where pairs are added and there were enough for a verdict to be seen, the plan says how many, and further looks are
    judged by what that one left of the 5% (`sooner.statistics.extension`). Before, adding pairs is free.

    Args:
        folder: of the race.
        asked: of it.
        environment: where it would go on, from `Engine.environment`.

    Raises:
        StoreError: it cannot go on there, or cannot have so many pairs.
    """
    store = Store(folder)
    try:
        with locked(folder):
            before = stored_plan(store)
            plan = with_pairs(before, asked.pairs)
            refuse_mismatch(before, environment, code=own_code(before), mended=asked.retry is not None)
            records = store.records()
            repeat = _failed(before, records) if asked.retry else ()
            if plan.pairs > before.pairs:
                plan = replace(plan, looked=_looked(before, store))
            plan = replace(plan, environment=dict(environment))
            values: dict[str, Any] = {"plan": plan.to_dict()} if plan != before else {}
            if repeat or values:
                known = provenance.environments(store, before)
                values[provenance.ENVIRONMENTS] = provenance.added(known, provenance.current(plan, environment))
                _forget(folder, repeat)
                store.change(values, repeat)
            return Amended(plan, repeat)
    finally:
        store.close()


def _failed(plan: Plan, records: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """The runs to be repeated. Of a race that is tuned, trials only as long as no run rests on the rates they chose."""
    raced = without_trials(plan, records)
    return tuple(record for record in (raced if raced or plan.rates else records) if record.failed)


def _looked(plan: Plan, store: Store) -> tuple[int, ...]:
    """Where the race could be seen so far, now included."""
    with store.sound():
        shown = max((comparison.pairs for comparison in score(plan, store).comparisons), default=0)
    fresh = shown >= fewest_pairs(plan.family) and shown > max(plan.looked, default=0)
    return (*plan.looked, shown) if fresh else plan.looked


def _forget(folder: Path, repeat: Sequence[RunRecord]) -> None:
    """Remove what would make the repeated runs go on from the failed ones, or keep them from the trackers."""
    try:
        for record in repeat:
            (folder / saved_name(record.lane, record.seed)).unlink(missing_ok=True)
        Ledger.forget(folder, repeat)
    except OSError as error:
        raise StoreError(f"could not write in {folder}: {error}; make room, or see to it that it can be") from error
