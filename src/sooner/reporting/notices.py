"""The notices about a race in words: one sentence each."""

from __future__ import annotations

from typing import assert_never

from sooner.reporting.format import join, number_of
from sooner.reporting.suspicions import suspicion
from sooner.results.look_notices import EndedAtTarget, LooksLeftOut, LooksSkipped
from sooner.results.notices import (
    REPOSITORY,
    SOURCE,
    Drift,
    ExamplesSkipped,
    GridsDiffer,
    LanesRenamed,
    MachinesMixed,
    MixedCode,
    NodeRefused,
    Notice,
    OfRace,
    OtherPrograms,
    OwnSeconds,
    PaceDiffers,
    PaceVaried,
    PairsPooled,
    RunRepeated,
    RunsRetried,
    ScaleDoubted,
    SecondsUnused,
    Told,
    UnsteadyPace,
)
from sooner.results.suspicions import Suspicion
from sooner.statistics.signed_rank import MIN_PAIRS


def notice(given: Notice) -> str:
    """The notice as a sentence without its capital letter and full stop."""
    match given:
        case OtherPrograms(share):
            return (
                f"other programs used {share:.0%} of this machine's cores when the race started: wall times will be "
                "noisy; race again on a quiet machine"
            )
        case UnsteadyPace(lane, spread):
            return (
                f"seconds per step varied by {spread:.0%} (sd over mean) between the runs of {lane}: this machine "
                "was not steady, or the lane's own steps differ in cost"
            )
        case PaceDiffers():
            return (
                f"the machine was {given.ratio:.2f} times slower during the runs of {given.slower} than of "
                f"{given.than} (95% CI {given.ci_low:.2f} to {given.ci_high:.2f}), by a fixed workload timed beside "
                "them: so much of their difference is not theirs, unless what they do slows the machine down"
            )
        case PaceVaried(ratio, runs):
            return (
                f"a fixed workload took {ratio:.2f} times as long beside the slow ones of the {runs} runs as beside "
                "the fast ones (a tenth left out at either end): the machine was disturbed, and wall times are noisy"
            )
        case OwnSeconds(lanes):
            return (
                f"the times of {join(list(lanes))} are {_own(lanes)} word: the seconds that {_they(lanes)} told were "
                "used (--own-seconds), and the race cannot check what they count"
            )
        case SecondsUnused(lanes):
            return (
                f"the seconds that {join(list(lanes))} told of {_own(lanes)} runs were not used: the race's clock "
                "counts from the start of a program. Race again with --own-seconds to take them at their word"
            )
        case ScaleDoubted(lane, metric, target):
            looks = "a percentage against a share" if metric > target else "a share against a percentage"
            other = 100 * target if metric > target else target / 100
            return (
                f"{lane} gave the metric {metric:.6g} for the target {target:.6g}, which looks like {looks}: unless "
                f"both are meant so, no time to the target stands; read the race at the target {other:.6g}"
            )
        case ExamplesSkipped(count):
            return (
                f"{number_of(count, 'example')} could not be read and {'was' if count == 1 else 'were'} left out "
                "(--skip-bad)"
            )
        case MachinesMixed(machines):
            return (
                f"the runs were made on {len(machines)} kinds of machine ({', '.join(machines)}), each pair on one: "
                "ratios of times compare like with like, but the times of a lane mix them"
            )
        case NodeRefused(node, error):
            return f"{node} took no part: {error}"
        case RunRepeated():
            why = "its process was ended" if given.process_ended else "the node is gone, or cut off"
            return (
                f"{given.node} lost {given.lane} with seed {given.seed} ({why}); the run was repeated from its "
                f"{'last save' if given.saved else 'start'}"
            )
        case RunsRetried():
            return _retried(given)
        case MixedCode(lane, count, runs, changed):
            return (
                f"{count} of {number_of(runs, 'run')} of {lane} {'was' if count == 1 else 'were'} made with another "
                f"{_code(changed)} than the race's other runs: where they differ it may be for that"
            )
        case GridsDiffer(races, every):
            grids = [f"every {number_of(grid, 'example')} in {race}" for race, grid in zip(races, every, strict=True)]
            return (
                f"the metric was evaluated {', '.join(grids)}: compare times of different races to that precision only"
            )
        case LanesRenamed(races, lanes):
            return (
                f"{'a lane' if len(lanes) == 1 else 'lanes'} of {join(list(races))} under another name: "
                + ", ".join(lanes)
            )
        case PairsPooled(races):
            return (
                f"races {join(list(races))} have no seed in common, so their pairs count together; pairs that were "
                "added when a verdict could be seen already make the intervals wider than those of one race with as "
                "many"
            )
        case LooksLeftOut(lane, out, looks, coarsest, every, examples):
            often = f"{number_of(round(every), 'example')}" if examples else f"{every:.3g} s"
            return (
                f"{lane} was evaluated more often than {coarsest}, about every {often}: so that all lanes have as many "
                f"chances, {out} of its {number_of(looks, 'evaluation')} are not scored, and its times are no finer "
                f"than those of {coarsest}; evaluate {coarsest} more often for finer ones"
            )
        case LooksSkipped(lane, share):
            return (
                f"{lane} seems to show only its best evaluations: its metric never falls, and {share:.0%} of them are "
                "missing or repeat the one before. Luck makes such a metric early, so no verdict rests on it; report "
                "every evaluation as it is"
            )
        case EndedAtTarget(lane, count, runs):
            return (
                f"{lane} ended {count} of {number_of(runs, 'run')} at the first evaluation that was at the target, "
                "which may be luck: nothing confirms it, and the run is not counted as a hit. Let it go on for a few "
                "evaluations more"
            )
        case Drift():
            return _drift(given)
        case OfRace(race, inner):
            return f"in {race}: {notice(inner)}"
        case Told(text):
            return text
        case _ if isinstance(given, Suspicion):
            return suspicion(given)
        case _:
            assert_never(given)


def _own(lanes: tuple[str, ...]) -> str:
    return "its own" if len(lanes) == 1 else "their own"


def _they(lanes: tuple[str, ...]) -> str:
    return "it" if len(lanes) == 1 else "they"


_TIMES = {1: "once", 2: "twice"}


def _retried(given: RunsRetried) -> str:
    failures = list(dict.fromkeys(given.failures))
    seeds = "seed" if len(given.seeds) == 1 else "seeds"
    times = _TIMES.get(len(given.failures), f"{len(given.failures)} times")
    which = f"{given.lane} with {seeds} {join([str(seed) for seed in given.seeds])}"
    failed = f"{which} failed {times} ({'; then '.join(failures)})"
    if not given.repeated:
        return f"{failed} and {'is' if len(given.seeds) == 1 else 'are'} still to be repeated"
    after = f"after {_code(given.changed)} had changed" if given.changed else "with nothing changed"
    one = len(given.seeds) == 1
    rest = "its pair" if one else "their pairs"
    return f"{failed} and {'was' if one else 'were'} repeated {after}, apart in time from the rest of {rest}"


def _code(names: tuple[str, ...]) -> str:
    """Names of files, or what else of the code may differ: "train.py and model.py"."""
    words = {SOURCE: "source of its function", REPOSITORY: "state of the git repository"}
    return join([words.get(name, name) for name in names])


def _drift(drift: Drift) -> str:
    races = join(list(drift.races))
    if drift.drifted == "unknown":
        return (
            f"whether the machine was as fast in {races} as before is not known: {drift.later} and {drift.first} have "
            f"{number_of(drift.pairs, 'seed')} in common, and it takes {MIN_PAIRS}. Read each lane's ratio to its own "
            "race's baseline, and set no times of different races against each other"
        )
    what = (
        f"{drift.later} against {drift.first}, the same recipe on the same seeds in {races} and before, ran at "
        f"{_speed(drift)}"
    )
    if drift.drifted == "none_shown":
        return (
            f"the machine shows no drift between the races: {what}. Smaller differences between lanes of different "
            "races may still be drift"
        )
    return (
        f"the machine drifted between the races: {what}. Times of different races cannot be trusted side by side on "
        "the wall clock; ratios to the baseline of the same race remain valid, and so do examples to the "
        "target"
    )


def _speed(drift: Drift) -> str:
    low, high = drift.ci_low, drift.ci_high
    if low is not None and high is not None:
        return f"{low:.3g} to {high:.3g} times its speed (95% CI)"
    if low is None and high is None:
        return "a speed that the runs leave open"
    return f"at least {low:.3g} times its speed" if low is not None else f"at most {high:.3g} times its speed"
