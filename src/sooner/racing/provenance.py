"""What the runs of a race were made with: its environments, in the order in which it met them, and what differs.

The store keeps every environment under `ENVIRONMENTS`, and each run the number of its own. There is one, unless failed
runs were repeated after the script was mended, or the race went on in another state of its git repository.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from sooner.racing.machine import repository
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import without_trials
from sooner.racing.record import RunRecord
from sooner.racing.runs import code_of, has_own_code
from sooner.racing.store import Store
from sooner.results.notices import REPOSITORY, SOURCE, MixedCode, Notice, RunsRetried

ENVIRONMENTS = "environments"
_WORDS = 120  # characters of the last line that a failed run wrote

Environment = Mapping[str, Any]  # {"environment": of the plan, "repository": its state or None}


def environments(store: Store, plan: Plan) -> list[Environment]:
    """All that runs in `store` were made in; of a race of an older version the one that it was planned in."""
    kept = store.get(ENVIRONMENTS)
    return kept or [_plain({"environment": plan.environment, "repository": None})]


def current(plan: Plan, environment: Mapping[str, Any]) -> Environment:
    """The environment now; the repository counts where the race runs the user's own code."""
    state = repository.state(Path.cwd()) if has_own_code(plan) else None
    return _plain({"environment": environment, "repository": state})


def added(known: Sequence[Environment], now: Environment) -> list[Environment]:
    """The environments `known` with the one of `now` as the last."""
    return [*known] if known and known[-1] == now else [*known, now]


def number(store: Store, plan: Plan, environment: Mapping[str, Any]) -> int:
    """The number of the environment that runs are made in from now on; it is kept in `store`."""
    known = environments(store, plan) if store.records() or store.get(ENVIRONMENTS) else []
    all_of_them = added(known, current(plan, environment))
    if all_of_them != store.get(ENVIRONMENTS):
        store.put(ENVIRONMENTS, all_of_them)
    return len(all_of_them) - 1


def notices(plan: Plan, store: Store) -> list[Notice]:
    """What a reader should know of runs that were repeated, and of lanes whose runs are not all of one code."""
    records, known = store.records(), environments(store, plan)
    return [*_retried(plan, records, store.attempts(), known), *_mixed(plan, without_trials(plan, records), known)]


def _retried(
    plan: Plan, records: Sequence[RunRecord], attempts: Sequence[RunRecord], known: Sequence[Environment]
) -> list[Notice]:
    """One notice for all seeds of a lane that failed alike and were repeated after the same changes."""
    now = {(record.lane, record.seed): record for record in records}
    failed: dict[tuple[str, int], list[RunRecord]] = {}
    for record in attempts:
        failed.setdefault((record.lane, record.seed), []).append(record)
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...], bool], list[int]] = {}
    for (lane, seed), before in failed.items():
        again = now.get((lane, seed))
        changed = _changed(plan, lane, [*before, *([again] if again else [])], known)
        words = tuple(_last_words(record) for record in before)
        alike.setdefault((lane, words, changed, again is not None), []).append(seed)
    return [
        RunsRetried(lane, tuple(sorted(seeds)), words, changed, repeated)
        for (lane, words, changed, repeated), seeds in alike.items()
    ]


def _last_words(record: RunRecord) -> str:
    """Why it failed, and the last line that it wrote."""
    lines = (record.output or "").strip().splitlines()
    reason, last = record.stopped or "", lines[-1].strip() if lines else ""
    if not last or last in reason or reason in last:
        return reason
    return f"{reason}: {last if len(last) <= _WORDS else last[:_WORDS] + '...'}"


def _changed(plan: Plan, lane: str, made: Sequence[RunRecord], known: Sequence[Environment]) -> tuple[str, ...]:
    """What of the code of `lane` differs between the first and the last of these runs, or between two in a row."""
    codes = [_code(plan, lane, known[record.environment]) for record in made]
    found: dict[str, None] = {}
    for before, after in pairwise(codes):
        found |= dict.fromkeys(_differing(before, after))
    return tuple(found)


def _mixed(plan: Plan, records: Sequence[RunRecord], known: Sequence[Environment]) -> list[Notice]:
    """A notice for each lane with runs of another code than most runs of the race that are of the same code's files."""
    if len(known) < 2:
        return []
    made = [(_base(plan, record.lane).name, _code(plan, record.lane, known[record.environment])) for record in records]
    versions: dict[tuple[str, str], Counter[str]] = {}
    for lane, code in made:
        for name, version in code.items():
            versions.setdefault(_whose(lane, name), Counter())[version] += 1
    usual = {whose: counted.most_common(1)[0][0] for whose, counted in versions.items()}
    runs = Counter(lane for lane, _ in made)
    others: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for lane, code in made:
        different = _differing({name: usual[_whose(lane, name)] for name in code}, code)
        if different:
            others[lane, different] += 1
    return [MixedCode(lane, count, runs[lane], different) for (lane, different), count in others.items()]


def _whose(lane: str, name: str) -> tuple[str, str]:
    """What has versions: a file is one for all lanes that name it, a function's source is its lane's own."""
    return (lane if name == SOURCE else "", name)


def _code(plan: Plan, lane: str, environment: Environment) -> dict[str, str]:
    """What the lane runs that is the user's own, by its name, as far as it is known."""
    code = dict(code_of(_base(plan, lane), environment["environment"]))
    return code | ({REPOSITORY: environment["repository"]} if environment["repository"] else {})


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The names of what differs. That the repository does is worth a word only where nothing more exact is known."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    exact = tuple(name for name in names if name != REPOSITORY)
    return exact or tuple(name for name in names if name in before and name in after)


def _base(plan: Plan, stored: str) -> PlannedLane:
    """The lane whose runs are stored by this name, at one of its budgets or rates or without."""
    lanes = {lane.name: lane for lane in plan.lanes}
    return lanes.get(stored) or lanes[stored.rpartition("@")[0]]


def _plain(environment: Mapping[str, Any]) -> Environment:
    """As it comes back from the store."""
    plain: dict[str, Any] = json.loads(json.dumps(environment))
    return plain
