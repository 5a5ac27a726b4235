"""What the findings about a lane come to: whether its method pays, and where it has none, what else it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sooner.reporting.format import join
from sooner.reporting.summary import Kind
from sooner.reporting.tones import Tone
from sooner.reporting.wording import change
from sooner.results.changes import Change, methods, settings
from sooner.results.kinds import between, tuned_alike
from sooner.results.records import Lane, Results
from sooner.seams import SEAMS

_AT_RANDOM: dict[tuple[Kind, Tone], str] = {
    ("random", "faster"): "The choice of examples pays.",
    ("random", "open"): "Training on as much random data may explain the gain.",
    ("random", "slower"): "Training on as much random data pays better.",
    ("random-mask", "faster"): "The choice of weights pays.",
    ("random-mask", "open"): "As many weights at random may explain the gain.",
    ("random-mask", "slower"): "As many weights at random pay better.",
}
_FITTED: dict[Tone, str] = {
    "open": "Simply training for less may explain the gain.",
    "slower": "Simply training for less pays better.",
}


@dataclass(frozen=True)
class Found:
    """What was found of a lane against another one, and what that one is to it.

    With `luck` the difference is no larger than a luckier search for the learning rate may make.
    """

    other: Lane
    kind: Kind
    tone: Tone
    luck: bool = False

    @property
    def shown(self) -> Tone:
        """What it shows of a method: nothing where luck may have made it."""
        return "open" if self.luck else self.tone


def differing(results: Results, lane: Lane, other: Lane) -> list[Change]:
    """What `lane` has otherwise than `other`; under the fitted protocol both ran at every budget."""
    return [each for each in between(lane, other) if not (results.rungs and each.field == "budget")]


def conclusions(results: Results, lane: Lane, found: Sequence[Found]) -> list[str]:
    """Sentences, of a race of recipes.

    That a method pays is said where the lane is faster than the baseline and than every lane that differs from it in
    that method alone, of which there must be one, and than the one that leaves the method's choice to chance. Where the
    learning rates of all lanes were searched alike, another rate is nothing in which they differ, but what a luckier
    search may gain is not the method's.
    """
    baseline = next((other for other in results.lanes if other.role == "baseline"), None)
    if baseline is None:
        return []
    own = differing(results, lane, baseline)
    told = []
    if any(each.kind == "baseline" and each.tone == "faster" for each in found):
        told = [*_claims(results, lane, own, found), *(text for each in found for text in _doubts(results, lane, each))]
    if own and not methods(own):
        told.append(f"It changes no method; it differs from the baseline in: {listed(own)}.")
    elif not own and lane.tuning and lane.tuning.chosen and tuned_alike(lane, baseline):
        told.append("It is the baseline but for its learning rate, which was searched for both alike.")
    return told


def listed(found: Sequence[Change]) -> str:
    """Changes in a row: "learning rate 0.4 to 0.05, budget 40ep to 20ep"."""
    return ", ".join(map(change, sorted(found, key=lambda each: each.field == "budget")))


def _claims(results: Results, lane: Lane, own: Sequence[Change], found: Sequence[Found]) -> list[str]:
    tones: dict[frozenset[str], list[Tone]] = {}
    for each in found:
        if each.kind not in ("random", "random-mask"):
            between_them = differing(results, lane, each.other)
            if not settings(between_them):
                tones.setdefault(frozenset(methods(between_them)), []).append(each.shown)
    new = methods(own)
    at = ", at the learning rate that was searched for each lane" if lane.tuning else ""
    claims = []
    for method in new:
        alone = tones.get(frozenset([method]), [])
        if alone and all(tone == "faster" for tone in [*alone, *_left_to_chance(method, own, found)]):
            claims.append(f"{'The method' if len(new) == 1 else method} itself pays{at}.")
    together = tones.get(frozenset(new), [])
    if len(new) > 1 and together and all(tone == "faster" for tone in together):
        claims.append(f"{_named(new)} together pay{at}.")
    return claims


def _left_to_chance(method: str, own: Sequence[Change], found: Sequence[Found]) -> list[Tone]:
    fields = {each.field for each in own if each.method == method}
    seams = [seam.control for seam in SEAMS if fields & {field.name for field in seam.fields}]
    return [each.shown for each in found if each.kind in seams]


def _doubts(results: Results, lane: Lane, found: Found) -> list[str]:
    """What a control shows besides; of one that picks at random, what it shows of the choice."""
    if (found.kind, found.shown) in _AT_RANDOM:
        return [_AT_RANDOM[found.kind, found.shown]]
    here = differing(results, lane, found.other)
    names, others = methods(here), settings(here)
    if found.kind == "fitted":
        if found.shown in _FITTED:
            return [_FITTED[found.shown]]
        if found.shown == "faster" and names and others:
            return [f"Its fitted control differs from it in more than {_named(names)}: {listed(others)}."]
        return []
    if found.kind in ("without", "lane") and names and not others and found.shown in ("open", "slower"):
        same = "The same recipe" if found.kind == "without" else f"{found.other.name}, the same recipe"
        end = "may gain as much" if found.shown == "open" else "pays better"
        return [f"{same} without {_named(names)}{',' if found.kind == 'lane' else ''} {end}."]
    return []


def _named(names: Sequence[str]) -> str:
    return join(list(names))
