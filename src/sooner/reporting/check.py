"""One thing that was looked at before the verdicts of a race are believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["good", "caution", "bad"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `subject` is two or three words, `text` a sentence or two."""

    level: Severity
    subject: str
    text: str
