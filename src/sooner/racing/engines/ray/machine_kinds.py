"""On which kind of machine each seed runs, kept with the race: pairs stay alike over every resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import is_trial, without_trials
from sooner.racing.store import Store
from sooner.results.notices import MachinesMixed, NodeRefused, Notice

_KEY = "kinds"


class Kinds:
    """What the store of the race in `folder` says of its machines, and will.

    A seed with a run that another engine made or began ran where the race was planned.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        planned = plan.environment.get("accelerator", plan.environment.get("cpu", ""))
        store = Store(folder)
        try:
            records = store.records()
            known: dict[str, str] = store.get(_KEY) or {}
            self._noted = set(store.notes())
        finally:
            store.close()
        self._planned = planned
        self._kinds = {record.seed: planned for record in without_trials(plan, records) if not record.host}
        self._kinds |= {int(seed): kind for seed, kind in known.items()}

    def of_seeds(self, planned: Sequence[PlannedRun]) -> Mapping[int, str]:
        """The kind of every seed that has begun, where `planned` are the runs still missing."""
        for run in planned:
            if is_trial(self._plan, run) or run.seed in self._kinds:
                continue
            if (self._folder / run.saved).exists():
                self._kinds[run.seed] = self._planned
        return self._kinds

    def put(self, seed: int, kind: str) -> None:
        """Remember that this seed runs on this kind, before its first run begins."""
        if self._kinds.get(seed) == kind:
            return
        self._kinds[seed] = kind
        store = Store(self._folder)
        try:
            store.put(_KEY, {str(seed): kind for seed, kind in self._kinds.items()})
        finally:
            store.close()
        if len(kinds := sorted(set(self._kinds.values()))) > 1:
            self.note(MachinesMixed(tuple(kinds)))

    def note_refused(self, refused: Mapping[str, str]) -> None:
        """Say of each node once why it took no part."""
        for name, why in refused.items():
            self.note(NodeRefused(name, why))

    def note(self, notice: Notice) -> None:
        """Keep a notice that the race's report shows, each once."""
        if notice in self._noted:
            return
        self._noted.add(notice)
        store = Store(self._folder)
        try:
            store.note(notice)
        finally:
            store.close()
