"""The table of all pairs of methods: what combines, what is refused. `python -m sooner.cards.pairs docs`"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

from sooner import registry
from sooner._words import number_of
from sooner.combining import Relation, relation
from sooner.registry import Method
from sooner.seams import SEAMS

Pair = tuple[Method, Method, Relation]
_KINDS = ("combines", "order fixed", "refused")
_HEAD = """# Methods together

A recipe may choose any methods that go together; a run has one sampler, one loss, one optimizer (with wrappers around
it) and one set of masks. What cannot be combined is refused before anything is trained, with the reason. The order in
which methods act is the library's, whatever the order in a file:

1. **At the start**: the model is built; `structure` cuts channels; `batching` replaces norm layers; the optimizer is
   made, with wrappers around it by their stage; `sparsity` makes its masks, `averaging` its mean.
2. **Each step**: `sampling` hands out batches, `batching` says how many are joined; `augmentation` changes them, by
   stage; the forward pass; `losses`; the backward pass; `batching` sees the gradients, of live weights alone;
   `sparsity` masks them; the wrappers, the outermost first, and the optimizer step; `sparsity` masks the weights and
   moves its masks; `structure` cuts channels; `averaging` takes note of the weights.

`sooner.combining.relation(one, other)` answers for a pair. The figures below are of all pairs of registered methods,
and [pairs.tsv](pairs.tsv) lists them one by one. The test suite trains one of each two kinds of methods and a sample of
all pairs; `python -m tests.contract.pairs` trains each that is not refused.
"""


def pairs() -> list[Pair]:
    """Every pair of registered methods and their relation."""
    return [(one, other, relation(one, other)) for one, other in combinations(registry.methods(), 2)]


def page(all_pairs: list[Pair]) -> str:
    """The page about combining, in Markdown."""
    counts: Counter[str] = Counter(how.kind for _, _, how in all_pairs)
    lines = [_HEAD, f"{len(all_pairs):,} pairs: " + ", ".join(f"{counts[kind]:,} {kind}" for kind in _KINDS) + ".", ""]
    lines += ["## Refused", "", "| methods | why |", "|---|---|"]
    by_reason: dict[str, list[tuple[Method, Method]]] = {}
    for one, other, how in all_pairs:
        if how.kind == "refused":
            by_reason.setdefault(how.reason, []).append((one, other))
    for reason, refused in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        lines.append(f"| {_named(refused)} | {reason} |")
    lines += ["", "## Order fixed", "", "| first | then | rule | pairs |", "|---|---|---|---|"]
    fixed: Counter[frozenset[str]] = Counter(
        frozenset((one.seam, other.seam)) for one, other, how in all_pairs if how.kind == "order fixed"
    )
    for later in SEAMS:
        for earlier, reason in later.after.items():
            lines.append(f"| {earlier} | {later.name} | {reason} | {fixed[frozenset((earlier, later.name))]} |")
    for seam in sorted(seam for seams in fixed if len(seams) == 1 for seam in seams):
        lines.append(f"| {seam} | {seam} | by stage, or one around the other | {fixed[frozenset((seam,))]} |")
    return "\n".join([*lines, ""])


def _named(refused: list[tuple[Method, Method]]) -> str:
    seams = {method.seam for pair in refused for method in pair}
    if len(refused) > 12 and len(seams) == 1:
        return f"any two of *{seams.pop()}*, {number_of(len(refused), 'pair')}"
    return "; ".join(f"{one.name} + {other.name}" for one, other in refused)


def table(all_pairs: list[Pair]) -> str:
    """All pairs, tab-separated."""
    rows = ["one\tother\trelation\treason"]
    rows += [f"{a.seam}/{a.name}\t{b.seam}/{b.name}\t{how.kind}\t{how.reason}" for a, b, how in all_pairs]
    return "\n".join([*rows, ""])


def write(folder: Path) -> None:
    """Write `combining.md` and `pairs.tsv` into `folder`."""
    all_pairs = pairs()
    (folder / "combining.md").write_text(page(all_pairs))
    (folder / "pairs.tsv").write_text(table(all_pairs))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
