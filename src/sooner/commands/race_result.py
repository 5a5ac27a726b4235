"""The result of a race of functions: to print, to plot, to save."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group

from sooner import files, reporting
from sooner.errors import StoreError
from sooner.reporting.format import number_of
from sooner.results.records import Results


@dataclass(frozen=True, repr=False)
class RaceResult:
    """A finished race. `print` shows its table and verdicts, `rich.print` shows them in colour.

    Attributes:
        results: all figures of the race, as in `results.json`.
    """

    results: Results

    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Write the report, one HTML page that needs nothing else. Raises StoreError where it cannot be written."""
        reporting.write_page(self.results, Path(path))
        return Path(path)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the figures as JSON, whole or not at all; `Results.load` reads them. Raises StoreError likewise."""
        target = Path(path)
        try:
            files.write_text(target, reporting.results_json(self.results))
        except OSError as error:
            raise StoreError(f"could not write the results to {target}: {error.strerror or error}") from error
        return target

    def __str__(self) -> str:
        return reporting.plain_text(self.results).rstrip("\n")

    def __rich__(self) -> Group:
        return Group(reporting.table(self.results), *reporting.verdicts(self.results))

    def __repr__(self) -> str:
        lanes, pairs = ", ".join(lane.name for lane in self.results.lanes), number_of(self.results.pairs, "pair")
        return f"<RaceResult of {lanes} to {self.results.metric} {self.results.target:g}, {pairs}>"
