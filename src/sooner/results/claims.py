"""Which comparisons of a race may claim something, so that all of its claims together are false in at most 5%."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sooner.results.records import Comparison, Lane, Results
from sooner.results.verdict import Cause, Finding, Reason

CLAIMS = (Finding.FASTER, Finding.SLOWER, Finding.EQUAL, Finding.NOT_FASTER)

# Of the race as it stands: judged anew whenever it is scored.
STANDING = (Cause.INCOMPLETE, Cause.CONTROL, Cause.UNTESTED, Cause.LOOKS_UNEQUAL)


def allowed(comparisons: Sequence[Comparison], results: Results) -> list[Comparison]:
    """The comparisons of a lane on one clock, its baseline's first, without the claims that may not be made.

    - A race of a fixed number of pairs that is not over claims nothing: stopping it where a verdict shows would make
      false ones more frequent.
    - A control is there to be compared with. Its own speed is shown; what it says of a lane is that lane's comparison.
    - A lane is compared with the baseline first and then with its controls, in their order, each at the whole level
      of the lane, as long as each comparison before has shown something. So however many controls there are, the first
      of its comparisons that is false is made in no more races than one alone would be (fixed sequence; Maurer,
      Hothorn and Lehmacher, 1995). What comes after one that showed nothing has its figures, and no verdict.
    """
    lanes = {lane.name: lane for lane in results.lanes}
    found: list[Comparison] = []
    stopped_at: str | None = None
    for each in comparisons:
        reason = _reason(each, lanes, results) if each.finding in CLAIMS else None
        if reason is None and each.finding in CLAIMS and stopped_at is not None:
            reason = Reason(Cause.UNTESTED, (stopped_at,))
        if stopped_at is None and lanes[each.lane].role == "lane" and each.finding not in CLAIMS:
            stopped_at = each.against
        found.append(each if reason is None else withhold(each, [reason]))
    return found


def withhold(comparison: Comparison, reasons: Sequence[Reason]) -> Comparison:
    """The same figures without a verdict. Raises ValueError without a reason."""
    if not reasons:
        raise ValueError(f"the verdict on {comparison.lane} can only be withheld for a reason; give one or more")
    return replace(comparison, finding=Finding.WITHHELD, reasons=tuple(reasons))


def _reason(comparison: Comparison, lanes: Mapping[str, Lane], results: Results) -> Reason | None:
    fixed = results.detect is None or comparison.confirmation
    if fixed and not results.complete and (comparison.confirmation or comparison.pairs < results.pairs):
        return Reason(Cause.INCOMPLETE)
    return Reason(Cause.CONTROL) if lanes[comparison.lane].role == "control" else None
