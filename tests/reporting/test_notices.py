import re

import pytest

from sooner.reporting.notices import notice
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


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (OtherPrograms(0.4), "^other programs used 40% of this machine's cores when the race started: "),
        (
            PaceDiffers("x", "y", 1.3, 1.21, 1.4),
            r"^the machine was 1.30 times slower during the runs of x than of y \(95% CI 1.21 to 1.40\), ",
        ),
        (PaceVaried(1.4, 12), "^a fixed workload took 1.40 times as long beside the slow ones of the 12 runs "),
        (OwnSeconds(("x",)), "^the times of x are its own word: the seconds that it told were used "),
        (OwnSeconds(("x", "y")), "^the times of x and y are their own word: "),
        (SecondsUnused(("x",)), "^the seconds that x told of its own runs were not used: .* with --own-seconds "),
        (UnsteadyPace("x", 0.154), r"^seconds per step varied by 15% \(sd over mean\) between the runs of x: "),
        (ScaleDoubted("x", 91.3, 0.93), r"^x gave .* 91\.3 .* 0\.93, .* a percentage against a share: .* target 93$"),
        (ScaleDoubted("x", 0.913, 93.0), r"^x gave .* 0\.913 .* 93, .* a share against a percentage: .* target 0\.93$"),
        (
            LooksLeftOut("x", 95, 100, "y", 8.0, examples=False),
            r"^x was evaluated more often than y, about every 8 s: .* 95 of its 100 evaluations are not scored, ",
        ),
        (LooksLeftOut("x", 9, 12, "y", 4000.0, examples=True), "^x .* than y, about every 4,000 examples: "),
        (LooksSkipped("x", 0.4), "^x seems to show only its best evaluations: .* 40% of them are missing or repeat "),
        (EndedAtTarget("x", 3, 8), "^x ended 3 of 8 runs at the first evaluation that was at the target, .* luck"),
        (ExamplesSkipped(1), r"^1 example could not be read and was left out \(--skip-bad\)$"),
        (ExamplesSkipped(13500), r"^13,500 examples could not be read and were left out \(--skip-bad\)$"),
        (MachinesMixed(("A100", "H200")), r"^the runs were made on 2 kinds of machine \(A100, H200\), each pair on "),
        (NodeRefused("node-b", "torch: began with 2.8"), "^node-b took no part: torch: began with 2.8$"),
        (
            RunRepeated("second", "x", 3, process_ended=True, saved=False),
            r"^second lost x with seed 3 \(its process was ended\); the run was repeated from its start$",
        ),
        (
            RunRepeated("second", "x", 3, process_ended=False, saved=True),
            r"^second lost x with seed 3 \(the node is gone, or cut off\); the run was repeated from its last save$",
        ),
        (
            RunsRetried("x", (3,), ("it exited with status 1: no data", "ValueError: b"), ("train.py",), repeated=True),
            r"^x with seed 3 failed twice \(it exited with status 1: no data; then ValueError: b\) and was repeated "
            "after train.py had changed, apart in time from the rest of its pair$",
        ),
        (
            RunsRetried("x", (1, 2), ("ValueError: b",) * 3, (), repeated=True),
            r"^x with seeds 1 and 2 failed 3 times \(ValueError: b\) and were repeated with nothing changed, apart ",
        ),
        (
            RunsRetried("x", (3,), ("ValueError: b",), (SOURCE,), repeated=False),
            r"^x with seed 3 failed once \(ValueError: b\) and is still to be repeated$",
        ),
        (
            MixedCode("x", 2, 6, ("train.py", "model.py")),
            "^2 of 6 runs of x were made with another train.py and model.py than the race's other runs: ",
        ),
        (MixedCode("x", 1, 1, (SOURCE,)), "^1 of 1 run of x was made with another source of its function than "),
        (MixedCode("x", 1, 2, (REPOSITORY,)), "^1 of 2 runs of x was made with another state of the git repository "),
        (
            GridsDiffer(("a", "b"), (13500, 1)),
            "^the metric was evaluated every 13,500 examples in a, every 1 example in b: compare times ",
        ),
        (LanesRenamed(("a", "b"), ("x#2", "y#2")), "^lanes of a and b under another name: x#2, y#2$"),
        (LanesRenamed(("b",), ("x#2",)), "^a lane of b under another name: x#2$"),
        (PairsPooled(("a", "b", "c")), "^races a, b and c have no seed in common, so their pairs count together; "),
        (Told("as it was told"), "^as it was told$"),
        (OfRace("a", Told("as it was told")), "^in a: as it was told$"),
    ],
)
def test_every_kind_has_its_sentence(given: Notice, words: str) -> None:
    assert re.search(words, notice(given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Drift("b#2", "b", ("c", "d"), "unknown", 0), "in c and d .* 0 seeds in common, and it takes 6"),
        (Drift("b#2", "b", ("c",), "unknown", 1), "1 seed in common"),
        (
            Drift("b#2", "b", ("c",), "none_shown", 6, 0.98, 1.02),
            r"shows no drift between the races: b#2 against b, .* 0.98 to 1.02 times its speed \(95% CI\)",
        ),
        (Drift("b#2", "b", ("c",), "none_shown", 6), "shows no drift .* a speed that the runs leave open"),
        (
            Drift("b#2", "b", ("c",), "drifted", 6, 1.1, 1.2),
            "drifted .* 1.1 to 1.2 times its speed .* on the wall clock; ratios",
        ),
        (Drift("b#2", "b", ("c",), "drifted", 6, 1.1), "drifted .* at least 1.1 times its speed"),
        (Drift("b#2", "b", ("c",), "drifted", 6, None, 0.9), "drifted .* at most 0.9 times its speed"),
    ],
)
def test_what_the_baselines_tell_of_the_machine(given: Drift, words: str) -> None:
    assert re.search(words, notice(given))
