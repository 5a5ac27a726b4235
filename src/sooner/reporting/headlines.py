"""The verdicts as a reader needs them: what was compared, the finding, and what that comparison can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sooner.reporting.format import number_of
from sooner.reporting.summary import BASELINE, CONTROLS, Kind, comparisons, confirmed, contestants, kind
from sooner.results.records import Comparison, Lane, Results
from sooner.results.verdict import Finding

Tone = Literal["faster", "slower", "open", "none"]  # "open": no difference shown; "none": no verdict was given

_RELATION: dict[Kind, str] = {
    "baseline": "against the baseline",
    "fitted": "against its fitted control",
    "random": "against its random control",
    "random-mask": "against its random-mask control",
    "lane": "against the lane",
}
_GAIN = "What you gain over the baseline's recipe on all the data, at its full budget."
_GAIN_OF_PROGRAM = "What you gain over the baseline."
_MEANING: dict[Kind, str] = {
    "baseline": _GAIN,
    "fitted": (
        "What the method itself adds. The control is the baseline's recipe on this lane's smaller budget, with its "
        "schedule fitted to it: it shows how much comes from simply training for less."
    ),
    "random": "What choosing the examples adds. The control trains on as many, drawn at random.",
    "random-mask": "What choosing the weights adds. The control has as many, drawn at random before training.",
    "lane": "Two lanes of the race, side by side.",
}
# What a control's own gain over the baseline is a gain of, and what the control is.
_OWN_GAIN: dict[Kind, str] = {
    "fitted": "What simply training for less gains, without any method.",
    "random": "What as much data drawn at random gains, without choosing the examples.",
    "random-mask": "What as many weights drawn at random gain, without choosing the weights.",
}
_APPOSITION: dict[Kind, str] = {
    "fitted": "the baseline trained for less",
    "random": "with as much data at random",
    "random-mask": "with as many weights at random",
}
_FINDING: dict[Tone, str] = {
    "faster": "faster than",
    "slower": "slower than",
    "open": "not shown to differ from",
    "none": "without a verdict against",
}
_CONCLUSION: dict[tuple[Tone, Tone, Kind], str] = {
    ("faster", "faster", "fitted"): "The method itself pays.",
    ("faster", "open", "fitted"): "Simply training for less may explain the gain.",
    ("faster", "slower", "fitted"): "Simply training for less pays better.",
    ("faster", "faster", "random"): "The choice of examples pays.",
    ("faster", "open", "random"): "Training on as much random data may explain the gain.",
    ("faster", "slower", "random"): "Training on as much random data pays better.",
    ("faster", "faster", "random-mask"): "The choice of weights pays.",
    ("faster", "open", "random-mask"): "As many weights at random may explain the gain.",
    ("faster", "slower", "random-mask"): "As many weights at random pay better.",
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


_FITTED = "Each at the smallest budget that it needs, its schedule fitted to it: what the method itself gains."
_TONE: dict[Finding, Tone] = {
    Finding.FASTER: "faster",
    Finding.SLOWER: "slower",
    Finding.EQUAL: "open",
    Finding.NOT_FASTER: "open",
    Finding.NO_DIFFERENCE: "open",
    Finding.OPEN: "open",
    Finding.NOT_REACHED: "none",
    Finding.NOT_REACHED_BY_OTHER: "none",
    Finding.NEITHER_REACHED: "none",
    Finding.TOO_FEW_PAIRS: "none",
    Finding.WITHHELD: "none",
}


def tone(comparison: Comparison) -> Tone:
    """What kind of verdict it is."""
    return _TONE[comparison.finding]


def confirmations(results: Results) -> list[Reading]:
    """The findings on fresh seeds, whose runs are compared among themselves and never mixed with the race's own."""
    return _readings(results, confirmed(results))


def _headline(results: Results, lane: Lane) -> Headline:
    compared = [c for relation in _RELATION for c in comparisons(results, lane.name, (relation,))]
    readings = _readings(results, compared)
    kinds = {other.name: kind(results, other) for other in results.lanes}
    sentence = _sentence(lane, [(kinds[c.against], tone(c)) for c in compared])
    if lane.role == "control":
        sentence = f"({_APPOSITION[kinds[lane.name]]}) {sentence}"
    return Headline(lane, sentence, readings)


def _readings(results: Results, compared: list[Comparison]) -> list[Reading]:
    kinds = {other.name: kind(results, other) for other in results.lanes}
    controls = {lane.name: kinds[lane.name] for lane in results.lanes if lane.role == "control"}
    return [
        Reading(
            comparison=c,
            # "against the baseline", not "against the baseline baseline"
            relation=_RELATION[kinds[c.against]].removesuffix(f" {c.against}"),
            meaning=_meaning(results, controls.get(c.lane), kinds[c.against]),
        )
        for c in compared
    ]


def _meaning(results: Results, control: Kind | None, against: Kind) -> str:
    """What a comparison against such a lane can tell of a control of this kind, or of a lane under test."""
    if results.rungs:
        return _FITTED
    if against != "baseline":
        return _MEANING[against]
    if control is not None:
        return _OWN_GAIN[control]
    return _GAIN if contestants(results) == "recipes" else _GAIN_OF_PROGRAM


def _sentence(lane: Lane, findings: list[tuple[Kind, Tone]]) -> str:
    """The findings against baseline and controls, in order, and what they come to."""
    against = [(what, finding) for what, finding in findings if what != "lane"]
    if not against:
        return "is not compared with the baseline yet."
    if not any(run.hit for run in lane.runs):
        return f"never reached the target: 0 of {number_of(len(lane.runs), 'run')}."
    text = "is "
    before: Tone | None = None
    for what, finding in against:
        name = "the baseline" if what == "baseline" else f"its {what} control"
        if before == finding:
            text += f" {'and' if finding in ('faster', 'slower') else 'or'} {name}"
        else:
            again = "is " if before in ("open", "none") else ""  # "is not shown to differ from x, but is slower than y"
            text += f"{f' but {again}' if before else ''}{_FINDING[finding]} {name}"
        before = finding
    gain = next((finding for what, finding in against if what == "baseline"), None)
    conclusions = [
        _CONCLUSION[gain, finding, what]
        for what, finding in against
        if gain is not None and what in CONTROLS and (gain, finding, what) in _CONCLUSION
    ]
    return " ".join([f"{text}.", *conclusions])
