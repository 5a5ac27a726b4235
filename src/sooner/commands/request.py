"""What a user can ask of a race, as one record that every command passes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sooner.racing.plan.rules import Rules


@dataclass(frozen=True)
class ProgramsRequest:
    """The programs of a race, where it is one of programs.

    Attributes:
        commands: command lines, the baseline's first.
        names: of their lanes, as many; empty for names made of the commands.
        metric: a pattern whose group is the metric in what they print; None if they report it.
        own_seconds: take the seconds that they tell of themselves at their word.
        timeout: seconds of silence after which one is ended; None for no limit.
    """

    commands: Sequence[str]
    names: Sequence[str] = ()
    metric: str | None = None
    timeout: float | None = None
    own_seconds: bool = False


@dataclass(frozen=True)
class Request:
    """A race as it was asked for: nothing in it has been looked up, read or measured yet.

    Attributes:
        items: a task by name and recipe files (*.yaml), in any order.
        task: by name; instead of one among the items.
        data: the user's own data, as `sooner.tasks.load_data` takes them; instead of a task.
        label: the column that holds the label.
        model: by name, or module:factory; None for the task's.
        target: metric to reach; None for the task's.
        lanes: recipes by name or file, in addition to the baseline.
        programs: what races instead of recipes.
        pairs: seeds, at least 1; every lane runs each. The most of them where the rules may end the race earlier. None
            for as many as can decide.
        budget: the baseline's, as "10ep"; None for the task's. A number for programs.
        rules: what the race asks, and when it is over.
        seed: of the first pair.
        device: "auto", "cpu", "cuda", "cuda:1".
        threads: of the CPU; None for what OMP_NUM_THREADS says, else one per core.
        workers: processes that read data too large for memory.
        skip_bad: leave out images that cannot be decoded.
        image_size: pixels that the images of a folder are resized to.
        examples: race on this many of the training examples; None for all.
    """

    items: Sequence[str] = ()
    task: str | None = None
    data: str | None = None
    label: str | None = None
    model: str | None = None
    target: float | None = None
    lanes: Sequence[str] = ()
    programs: ProgramsRequest | None = None
    pairs: int | None = None
    budget: str | None = None
    rules: Rules = field(default_factory=Rules)
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    workers: int = 2
    skip_bad: bool = False
    image_size: int | None = None
    examples: int | None = None


@dataclass(frozen=True)
class RunOptions:
    """How the runs of a race are carried out. It changes no result, and may differ when the race is resumed.

    Attributes:
        engine: "local", or "ray".
        trackers: by name, see `sooner.racing.trackers`.
        save_every: seconds between saves of the run under way.
        keep_going: whether the race goes on after a run that failed.
        trust: run code that files name and the user has not agreed to before, see `sooner.commands.trust`.
    """

    engine: str = "local"
    trackers: Sequence[str] = ()
    save_every: float = 30.0
    keep_going: bool = False
    trust: bool = False

    def check(self) -> None:
        """Raises SoonerError for an engine or a tracker that is unknown or not installed."""
        from sooner.racing import trackers
        from sooner.racing.engines.choose import check_engine

        trackers.check(self.trackers)
        check_engine(self.engine)
