"""What a race shows while it runs: which lane, which seed, its metric against the target, and what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sooner.budget import Budget
from sooner.racing.plan import tuning
from sooner.racing.plan.agenda import at_most
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.reporting.console import say
from sooner.reporting.rates import told
from sooner.training.evaluation import Evaluation

_EVERY = 60.0  # seconds between lines, at least, while a run is under way


class Progress:
    """A race's live display on a terminal; elsewhere a line as each run starts and ends, and one a minute between.

    Args:
        plan: of the race.
        work: how long each kind of run takes beside the others, by the name it is stored under.
        done: runs that an earlier process finished.
        console: to draw on.
    """

    def __init__(self, plan: Plan, work: Mapping[str, float], done: list[RunRecord], console: Console) -> None:
        self._plan = plan
        self._console = console
        planned = at_most(plan)
        rules = plan.rules
        self._fixed = rules.protocol == "first-hit" and rules.until == "pairs" and not rules.confirm
        self._work = work
        self._total = sum(work[run.lane.name] for run in planned)
        self._most = len(planned)
        lane_of = {run.lane.name: self._name_of(run.lane.name) for run in planned}
        self._most_of = Counter(lane_of[run.lane.name] for run in planned)
        self._finished = sum(work.get(record.lane, 0.0) for record in done)
        self._runs: dict[str, list[RunRecord]] = {lane.name: [] for lane in plan.lanes}
        for record in done:
            if self._name_of(record.lane) in self._runs:  # a store of another's may hold runs of no lane
                self._lane_of(record).append(record)
        self._trials = len(tuning.planned(plan))
        self._current: PlannedRun | None = None
        self._look: Evaluation | None = None
        self._under_way: dict[tuple[str, int], float] = {}  # lane and seed, and when the run started
        self._began = self._printed = monotonic()
        self._worked = 0.0  # examples trained on since this process began
        self._live = Live(console=console, refresh_per_second=4, transient=True, get_renderable=self._render)

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def run_started(self, run: PlannedRun) -> None:
        self._current, self._look = run, None
        self._under_way[run.lane.name, run.seed] = monotonic()
        ended = sum(map(len, self._runs.values()))
        self._print(f"[{ended + len(self._under_way)}/{self._most}] {self._called(run.lane.name, run.seed)}: started")

    def looked(self, look: Evaluation) -> None:
        self._look = look

    def stepped(self) -> None:
        if monotonic() - self._printed < _EVERY or not self._under_way:
            return
        look = f"{self._plan.task.metric} {self._look.metric:.4f} of {self._plan.target:g}, " if self._look else ""
        runs = [
            f"{self._called(lane, seed)}: {look}under way for {clock(monotonic() - started)}"
            for (lane, seed), started in self._under_way.items()
        ]
        self._print(f"{'; '.join(runs)}; {self._left()} left")

    def run_finished(self, record: RunRecord) -> None:
        self._under_way.pop((record.lane, record.seed), None)
        self._lane_of(record).append(record)
        self._worked += self._work.get(record.lane, 0.0)
        self._current, self._look = None, None
        metric = f"{record.looks[-1].metric:.4f}" if record.looks else "none"
        ended = record.stopped or f"{self._plan.task.metric} {metric} after {record.seconds:.1f} s"
        done = sum(map(len, self._runs.values()))
        self._print(f"[{done}/{self._most}] {self._called(record.lane, record.seed)}: {ended}; {self._left()} left")
        if tuning.is_trial(self._plan, record) and done == self._trials:
            say(self._console, f"learning rates: {'; '.join(self._chosen())}")

    def _called(self, lane: str, seed: int) -> str:
        """A run in a line: what a trial tries is part of its name."""
        return f"{'tuning ' if self._tried(lane, seed) else ''}{lane} seed {seed}"

    def _tried(self, lane: str, seed: int) -> str:
        """The rate that a run tries: "lr=0.05"; nothing of one that is no trial."""
        is_trial = self._plan.rules.tune and seed >= self._plan.seed + tuning.SEARCH
        return lane.rpartition("@")[2] if is_trial else ""

    def _chosen(self) -> list[str]:
        """What the trials found, lane by lane."""
        found = tuning.findings(self._plan, [record for records in self._runs.values() for record in records])
        return [f"{name} {told(each)}" for name, each in found.items()]

    def _print(self, line: str) -> None:
        """Where nothing is drawn."""
        if not self._console.is_terminal:
            self._printed = monotonic()
            say(self._console, line)

    def _lane_of(self, record: RunRecord) -> list[RunRecord]:
        """The runs of the record's lane; under the fitted protocol those at all its budgets."""
        return self._runs[self._name_of(record.lane)]

    def _name_of(self, stored: str) -> str:
        """The lane whose runs are stored by this name."""
        known = {lane.name for lane in self._plan.lanes}
        return stored if stored in known else stored.rpartition("@")[0]

    def _running(self) -> float:
        """What the run under way has come to; a program's examples are not what its work is counted in."""
        if not (self._look and self._current and self._plan.task.data):
            return 0.0
        entry, work = self._current.lane.entry, self._work[self._current.lane.name]
        budget = Budget.parse(entry.budget)
        if budget.unit == "s":
            return work * min(1.0, self._look.seconds / budget.amount)
        return min(work, float(self._look.examples))

    def _share(self) -> float:
        return min(1.0, (self._finished + self._worked + self._running()) / self._total) if self._total else 0.0

    def _left(self) -> str:
        worked = self._worked + self._running()
        if not worked:
            return "?"
        seconds = (monotonic() - self._began) / worked * (self._total - self._finished - worked)
        return f"{'about' if self._fixed else 'at most'} {clock(max(0.0, seconds))}"

    def _render(self) -> Group:
        table = Table(box=None, pad_edge=False, show_edge=False)
        for column, side in (("lane", "left"), ("runs", "right"), ("best so far", "right"), ("now", "left")):
            table.add_column(column, justify=side, style="" if column != "now" else "cyan")  # type: ignore[arg-type]
        for lane in self._plan.lanes:
            records = self._runs[lane.name]
            raced = tuning.without_trials(self._plan, records)
            bests = [max(look.metric for look in record.looks) for record in raced if record.looks]
            table.add_row(
                Text(lane.name),
                f"{len(records)}/{self._most_of[lane.name]}",
                f"{max(bests):.4f}" if bests else "",
                self._now(lane),
            )
        elapsed = clock(monotonic() - self._began)
        foot = Table.grid(padding=(0, 1))
        foot.add_row(
            ProgressBar(total=1.0, completed=self._share(), width=30), f"{elapsed} so far, {self._left()} left"
        )
        ended = sum(map(len, self._runs.values()))
        searching = f": trying learning rates, {ended} of {self._trials} trials" if ended < self._trials else ""
        goal = f"{self._plan.task.name} to {self._plan.task.metric} {self._plan.target:g}"
        return Group(Text(f"{goal} on {self._plan.device}{searching}"), table, foot)

    def _now(self, lane: PlannedLane) -> Text:
        if self._current is None or self._name_of(self._current.lane.name) != lane.name:
            return Text("")
        name = self._tried(self._current.lane.name, self._current.seed) or f"seed {self._current.seed}"
        if self._look is None:
            return Text(f"{name}: starting")
        reached = "reached" if self._look.metric >= self._plan.target else "of"
        return Text(f"{name}: {self._look.metric:.4f} {reached} {self._plan.target:g} after {self._look.seconds:.1f} s")


def clock(seconds: float) -> str:
    """Seconds as people say them: 42 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
