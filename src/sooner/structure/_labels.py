"""Which channels are one and the same: a label per channel, joined where an operation couples two."""

from __future__ import annotations

from collections.abc import Sequence


class Labels:
    """A disjoint-set forest over channels, in which some sets are fixed for a reason.

    Attributes:
        bound: the labels along one dimension of a tensor, by (name of the tensor, dimension), in order of first use.
    """

    def __init__(self) -> None:
        self.bound: dict[tuple[str, int], list[int]] = {}
        self._parent: list[int] = []
        self._reasons: dict[int, list[str]] = {}

    def fresh(self, n: int) -> list[int]:
        """`n` labels that are coupled with nothing yet."""
        start = len(self._parent)
        self._parent.extend(range(start, start + n))
        return list(range(start, start + n))

    def root(self, label: int) -> int:
        """The label that stands for all that are coupled with `label`."""
        parent = self._parent
        while parent[label] != label:
            parent[label] = parent[parent[label]]
            label = parent[label]
        return label

    def join(self, one: Sequence[int], other: Sequence[int]) -> None:
        """Couple two equally long sequences, position by position."""
        for a, b in zip(one, other, strict=True):
            a, b = self.root(a), self.root(b)
            if a != b:
                self._parent[max(a, b)] = min(a, b)

    def bind(self, name: str, dim: int, labels: Sequence[int]) -> None:
        """Positions along dimension `dim` of the tensor `name` are these channels; a second use couples both."""
        known = self.bound.setdefault((name, dim), list(labels))
        self.join(known, labels)

    def bound_or_fresh(self, name: str, dim: int, n: int) -> list[int]:
        """The `n` labels along a dimension that makes channels: those of an earlier use, or new ones."""
        if (name, dim) not in self.bound:
            self.bound[name, dim] = self.fresh(n)
        return self.bound[name, dim]

    def fix(self, labels: Sequence[int], reason: str) -> None:
        """These channels, and all that are coupled with them in the end, cannot be removed for that reason."""
        for label in labels:
            reasons = self._reasons.setdefault(label, [])
            if reason not in reasons:
                reasons.append(reason)

    def fixed(self) -> dict[int, str]:
        """Why, by root, of all that is fixed: the reasons in the order in which they were given."""
        by_root: dict[int, list[str]] = {}
        for label, reasons in self._reasons.items():
            known = by_root.setdefault(self.root(label), [])
            known.extend(reason for reason in reasons if reason not in known)
        return {root: "; ".join(reasons) for root, reasons in by_root.items()}
