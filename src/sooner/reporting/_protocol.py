"""How the race was run, in a few sentences for someone who has read nothing else."""

from __future__ import annotations

from sooner.racing.results import Results
from sooner.reporting import _format as words


def protocol(results: Results) -> list[tuple[str, str]]:
    """Pairs of (subject, what was done)."""
    goal = words.goal(results)
    every = f" every {results.evaluate_every:,} training examples" if results.evaluate_every else ""
    return [
        (
            "Target",
            f"Every run trains until its budget ends and is evaluated on validation data{every}, the same in all "
            f"lanes. Its time to target is when it first reaches {goal} and is still there at the next evaluation, "
            f"interpolated along a straight line between evaluations (protocol \u201c{results.protocol}\u201d).",
        ),
        (
            "Clock",
            "Starts before the method first touches the data, and counts everything it does: setting up, scoring and "
            "selecting examples, extra passes. It stands still only while the metric is evaluated and state is saved. "
            "What all lanes share is not counted: reading the data set into memory, and a few steps that warm each "
            "model's kernels up before the first run. Wall time is what a stopwatch says; calibrated time is steps "
            "times the run's own median seconds per step plus its fixed costs, which a machine that is busy now and "
            "then cannot distort.",
        ),
        (
            "Pairs",
            "Runs of one seed share the initial weights, the split and the order of the data, and take turns in a "
            "balanced random order, so that a drift of the machine hits all lanes alike.",
        ),
        (
            "Controls",
            "Added by the race itself. The baseline is the task's recipe on all data at full budget. A fitted control "
            "is that recipe on a lane's smaller budget, its schedule compressed to it. A random control stands beside "
            "a lane that chooses its examples, with as many at random.",
        ),
        (
            "Missed targets",
            "A run that never reaches the target is known only to need more than its budget. It enters every "
            "comparison as that bound; it is neither dropped nor counted as a hit.",
        ),
        (
            "Statistics",
            "A ratio is the other lane's time divided by this lane's, seed by seed, so above 1x this lane is faster. "
            "It is estimated from the paired log-ratios, tested by an exact sign-flip test of their signed ranks, and "
            "the 95% interval is that test turned around. A verdict needs six pairs and an interval that excludes 1x. "
            "\u201cNo difference shown\u201d is no proof of equality: the interval tells what may have been missed.",
        ),
        (
            "Test data",
            "Looked at once, at the end of each run, and only shown beside: it decides nothing.",
        ),
    ]
