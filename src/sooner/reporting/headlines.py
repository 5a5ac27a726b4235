"""The verdicts as a reader needs them: what was compared, the finding, and what that comparison can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sooner.reporting.conclusions import Found, conclusions
from sooner.reporting.format import number_of
from sooner.reporting.meanings import RELATIONS, apposition, called, meaning, relation
from sooner.reporting.rates import may_be_luck
from sooner.reporting.summary import BASELINE, comparisons, confirmed, contestants, kind
from sooner.reporting.tones import Tone as Tone
from sooner.reporting.tones import tone as tone
from sooner.reporting.wording import size_and_basis
from sooner.results.records import Comparison, Lane, Results
from sooner.results.verdict import Cause, Reason

_FINDING: dict[Tone, str] = {
    "faster": "faster than",
    "slower": "slower than",
    "open": "not shown to differ from",
    "none": "without a verdict against",
}


@dataclass(frozen=True)
class Reading:
    """One comparison on the wall clock.

    `relation` leads to the name of the other lane ("against its fitted control"); `meaning` is what the comparison can
    tell.
    """

    comparison: Comparison
    relation: str
    meaning: str

    @property
    def tone(self) -> Tone:
        """What kind of verdict it is."""
        return tone(self.comparison)


@dataclass(frozen=True)
class Headline:
    """The findings about one lane: a sentence that continues its name, and the readings behind it."""

    lane: Lane
    sentence: str
    readings: list[Reading]


def headlines(results: Results) -> list[Headline]:
    """One headline per lane under test, in the order of the results, and behind it one per control of its own.

    A control has one where it is compared with the baseline: what comes without the method is a finding, too. The
    baseline has none.
    """
    order = {lane.name: lane for lane in results.lanes if lane.role == "lane"}
    found: dict[str, Lane] = {}
    for name, lane in order.items():
        controls = [other for other in results.lanes if other.role == "control" and other.name in lane.opponents]
        found |= {name: lane, **{other.name: other for other in controls if other.name not in found}}
    found |= {lane.name: lane for lane in results.lanes if lane.role == "control" and lane.name not in found}
    return [
        _headline(results, lane)
        for lane in found.values()
        if lane.role == "lane" or comparisons(results, lane.name, BASELINE)
    ]


def confirmations(results: Results) -> list[Reading]:
    """The findings on fresh seeds, whose runs are compared among themselves and never mixed with the race's own."""
    return _readings(results, confirmed(results))


def _headline(results: Results, lane: Lane) -> Headline:
    compared = [c for what in RELATIONS for c in comparisons(results, lane.name, (what,))]
    by_name = {other.name: other for other in results.lanes}
    found = [
        Found(by_name[c.against], kind(results, by_name[c.against]), tone(c), may_be_luck(results, c)) for c in compared
    ]
    sentence = _sentence(results, lane, found)
    if lane.role == "control":
        sentence = f"({apposition(results, lane)}) {_own_figures(compared) or sentence}"
    return Headline(lane, sentence, _readings(results, compared))


def _own_figures(compared: Sequence[Comparison]) -> str:
    """What is said of a control, which is not under test; "" where there is no such comparison."""
    held = [c for c in compared if Reason(Cause.CONTROL) in c.reasons]
    return f"has, against the baseline, {size_and_basis(held[0])}. A control is not judged by itself." if held else ""


def _readings(results: Results, compared: list[Comparison]) -> list[Reading]:
    return [
        Reading(
            comparison=c,
            relation=relation(results, c),
            meaning=meaning(results, c),
        )
        for c in compared
    ]


def _sentence(results: Results, lane: Lane, found: list[Found]) -> str:
    """The findings against baseline and controls, in order, and what they come to."""
    against = [each for each in found if each.kind != "lane"]
    if not against:
        return "is not compared with the baseline yet."
    if not any(run.hit for run in lane.runs):
        return f"never reached the target: 0 of {number_of(len(lane.runs), 'run')}."
    text = "is "
    before: Tone | None = None
    for each in against:
        name = called(results, lane, each.other)
        if before == each.tone:
            text += f" {'and' if each.tone in ('faster', 'slower') else 'or'} {name}"
        else:
            again = "is " if before in ("open", "none") else ""  # "is not shown to differ from x, but is slower than y"
            text += f"{f' but {again}' if before else ''}{_FINDING[each.tone]} {name}"
        before = each.tone
    come_to = conclusions(results, lane, found) if lane.role == "lane" and contestants(results) == "recipes" else []
    return " ".join([f"{text}.", *come_to])
