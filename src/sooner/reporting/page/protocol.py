"""How the race was run, in a few sentences for someone who has read nothing else."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.budgets import has_rungs
from sooner.reporting.rates import extent, searched
from sooner.reporting.summary import contestants, own
from sooner.results.records import Results
from sooner.statistics.family import share


def protocol(results: Results) -> list[tuple[str, str]]:
    """Pairs of (subject, what was done)."""
    recipes = contestants(results) == "recipes"
    return [
        ("Target", _target(results)),
        ("Clock", _CLOCK if recipes else _PROGRAM_CLOCK + _own_word(results)),
        (
            "Pairs",
            (
                "Runs of one seed share the initial weights, the split and the order of the data, and"
                if recipes
                else "Every lane runs with the same seeds, and the lanes"
            )
            + _ORDER,
        ),
        *([("Controls", _CONTROLS)] if recipes else []),
        *([("Learning rates", _rates(results))] if searched(results) else []),
        (
            "Missed targets",
            "A run that never reaches the target is known only to need more than its budget. It enters every "
            "comparison as that bound; it is neither dropped nor counted as a hit.",
        ),
        ("Statistics", _STATISTICS + _looks(results)),
        ("What may be claimed", _claims(results)),
        *([("Fresh seeds", _FRESH)] if results.confirmation else []),
        *(
            [("Test data", "Looked at once, at the end of each run, and only shown beside: it decides nothing.")]
            if any(run.test_metric is not None for lane in results.lanes for run in lane.runs) or not results.lanes
            else []
        ),
    ]


_CLOCK = (
    "Starts before the method first touches the data, and counts everything it does: setting up, scoring and selecting "
    "examples, extra passes. It stands still only while the metric is evaluated and state is saved. What all lanes "
    "share is not counted: reading the data set into memory, and a few steps that warm each model's kernels up before "
    "the first run. It is wall time, what a stopwatch says: work of others on the machine makes it longer."
)
_PROGRAM_CLOCK = (
    "Starts with the program and counts everything it does. It stands still only where the program says that it "
    "evaluates; otherwise its evaluations count, too. It is wall time: work of others on the machine makes it longer."
)
_CONTROLS = (
    "Added by the race. The baseline is the task's recipe on all data at full budget. A fitted control is that "
    "recipe on a lane's smaller budget, its schedule compressed to it. A random control stands beside a lane that "
    "chooses its examples or its weights, with as many at random. A control without a method is the lane's own recipe "
    "with that method taken out, or what the baseline has in its place, and all else kept: learning rate, schedule, "
    "batch size and budget. Where a method makes steps cheaper, by smaller images or fewer channels, controls without "
    "it get the lane\u2019s seconds, measured before the race, instead of its examples."
)
_STATISTICS = (
    "A ratio is the other lane's time divided by this lane's, seed by seed, so above 1x this lane is faster. It is "
    "estimated from the paired log-ratios, tested by an exact sign-flip test of their signed ranks, and the 95% "
    "interval inverts that test. Where the budget ends runs before the target, the test is one of the times within it: "
    "it says who comes first by then, while the interval has to leave open by how much. \u201cNo difference "
    "shown\u201d is no proof of equality: the interval shows what may have been missed. The test supposes no shape of "
    "the times and no equal spread; it supposes that pairs do not depend on each other. A ratio is that of "
    "a typical pair. Beside it stands the ratio of expected times, of all that each lane spent for every run that hit: "
    "what it costs to get there, where single runs that take very long count in full. Its interval is approximate, and "
    "no verdict rests on it."
)
_ORDER = (
    " take turns in random orders in which each lane stands equally often in each place and follows each other one "
    "equally often, as far as the number of pairs allows: neither a drift of the machine nor what one run leaves "
    "behind for the next favours a lane."
)
_FRESH = (
    "After the race was decided, its winner and the lanes it was compared with ran again on seeds that played no part "
    "in any choice. A winner is often the one that was also lucky; on fresh seeds it cannot be."
)


def _rates(results: Results) -> str:
    measure = (
        "the metric at the end of the greatest budget"
        if results.rungs
        else "the examples that its trials took to the target, all of those that missed it included, or by the metric "
        "at the end where no trial of a lane reached it; seconds would say the same with the noise of the machine"
    )
    return (
        f"Searched before the race, on seeds that it does not use, {extent(results)}, for the baseline and the "
        "controls as for every lane. Lanes with one optimizer are tried at the same rates, so the rate that a recipe "
        f"was written with gives it no advantage. A rate is judged by {measure}; of the rates next to the best that so "
        "few trials cannot tell from it, the middle one is taken. The runs above were all made at the rates that were "
        "chosen, and a lane may differ from its controls by its rate, as each has its own best. What the search cost "
        "is on no clock: whoever has to search the rate pays it once, with a method or without."
    )


def _own_word(results: Results) -> str:
    own = [lane.name for lane in results.lanes if lane.own_seconds]
    return f" But the times of {words.join(own)} are the seconds that the program told of itself." if own else ""


def _target(results: Results) -> str:
    goal = words.goal(results)
    if has_rungs(results):
        return (
            f"Each lane ran at a ladder of budgets, with its schedule fitted to each. A run counts by its end alone, "
            f"and the time to target of a seed is that of the smallest budget that ends at {goal} or above. Runs were "
            "spent where the answer was uncertain: a few seeds at every budget, the others around where they cross."
        )
    every = f" every {words.number_of(results.evaluate_every, 'training example')}" if results.evaluate_every else ""
    return (
        f"Every run trains until its budget ends and is evaluated on validation data{every}, the same in all lanes. "
        f"Its time to target is where its curve crosses {goal}, interpolated between evaluations, once it lies above "
        f"by more than the noise of the metric explains: touching it is not reaching it (protocol "
        f"\u201c{results.protocol}\u201d)."
    )


def _claims(results: Results) -> str:
    lanes = sum(lane.role == "lane" for lane in results.lanes)
    shared = (
        f"{words.number_of(lanes, 'lane')} share the 5% of false verdicts, so each is judged at "
        f"{100 * share(lanes):.2g}%, and the intervals, at that level, hold for all of them at once in 95% of races."
        if results.family > 1
        else "A false verdict on a lane has a chance of at most 5%."
    )
    return (
        f"{shared} A lane is held against the baseline first, then against its controls in turn, and only as long as "
        "each comparison before has shown something: so the chance of a first false claim about it stays that of one "
        "comparison. Other comparisons show their figures without a verdict, as do those of the controls themselves "
        "and those of a race of fixed pairs that is not over. Each clock is judged by itself."
    )


def _looks(results: Results) -> str:
    looks = max([c.looks for c in own(results)], default=1)
    if looks == 1:
        return ""
    if results.detect is None:
        return (
            " Pairs were added after results could be seen; intervals and verdicts are at a level that allows for all "
            "looks together."
        )
    return (
        f" The race could end at any of {looks} looks that were fixed in advance; each spends a part of the 5%, and "
        "the intervals are those of the look that a lane stopped at."
    )
