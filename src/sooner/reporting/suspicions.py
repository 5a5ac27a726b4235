"""The notices of `sooner.results.suspicions` in words: what was seen, what it may mean, what a reader can do."""

from __future__ import annotations

from typing import assert_never

from sooner.reporting.format import number_of, seconds, significant
from sooner.results.suspicions import (
    CarriedOver,
    EvaluationLonger,
    FirstRunSlower,
    HeadStart,
    LeftBehind,
    MetricInflated,
    SeedIgnored,
    StartedAgain,
    StillComputing,
    Suspicion,
)


def suspicion(given: Suspicion) -> str:
    """The notice as a sentence without its capital letter and full stop."""
    match given:
        case SeedIgnored(lane, runs, distinct):
            several = f"of {runs} runs of {lane} no more than {distinct} differ"
            return (
                f"{f'the {runs} runs of {lane} are one run' if distinct == 1 else several}: their metrics are "
                "identical at every evaluation, so it ignores its seed, and how another seed would do is not known. "
                "Let the seed decide its initial weights and the order of its data"
            )
        case MetricInflated():
            return (
                f"the validation metric of {given.lane} lies {significant(given.by)} further above its test metric "
                f"than that of {given.than} (95% CI {significant(given.ci_low)} to {significant(given.ci_high)}): it "
                "may have seen the validation examples, by training on them or by being chosen on them. Trust the "
                "test metric"
            )
        case EvaluationLonger():
            return (
                f"evaluations take {_longer(given)} in {given.than}: {seconds(given.seconds)} each, against "
                f"{seconds(given.than_seconds)}, off the clock. Over a run the difference comes to "
                f"{given.share:.0%} of its seconds on the clock, and whatever trains meanwhile is not timed. Have both "
                "lanes call one function for their metric"
            )
        case FirstRunSlower(lane, times, others):
            return (
                f"the first run of {lane} took {times:.3g} times as long for a step as its later ones"
                f"{f' ({others:.2g} times in other lanes)' if others > 1.05 else ''}: what it paid for, such as a "
                "cache on disk or code that is compiled, they found ready. Clear that before each run if your users "
                "will start without it"
            )
        case CarriedOver(lane, first, later):
            return (
                f"later runs of {lane} began with the metric {significant(later)}, and its first run with "
                f"{significant(first)}: something that was learned may be carried over from an earlier run, such as a "
                "model that is made once. Make it anew in each call"
            )
        case HeadStart():
            return (
                f"before any training {given.lane} had the metric {significant(given.metric)}, and {given.than} "
                f"{significant(given.than_metric)}: what it had learned by then is not on its clock"
            )
        case StartedAgain():
            return (
                f"{given.again} of {number_of(given.runs, 'run')} of {given.lane} were interrupted and taken up again, "
                f"{given.than_again} of {given.than_runs} of {given.than}: where a run is interrupted because it "
                "begins badly, the next draw takes its place. Race again, and let every run end"
            )
        case LeftBehind(lane, settings):
            return (
                f"{lane} left {', '.join(settings)} behind; put back after each of its runs, so that no other lane ran "
                "with it"
            )
        case StillComputing(lane, what, name, share):
            return (
                f"a {what} that a run of {lane} had started ({name}) computed on after it, on {share:.0%} of a core: "
                "that is not on the lane's own clock, and slows other lanes down. End with the run what it starts"
            )
        case _:
            assert_never(given)


def _longer(given: EvaluationLonger) -> str:
    if given.seconds >= 100 * given.than_seconds:
        return f"much longer in {given.lane} than"
    return f"{significant(given.seconds / given.than_seconds)} times as long in {given.lane} as"
