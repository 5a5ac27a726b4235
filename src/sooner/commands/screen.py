"""The terminal that commands write to: what comes from files is shown as the text that it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import console
from rich.segment import Segment

from sooner._text import printable


class Console(console.Console):
    """rich's console, for text that others may have written.

    Nothing in text is markup or an emoji by name, and control characters are written out, so that the name of a lane
    can neither colour, move nor clear a terminal, nor reorder a line. What rich itself sends is left as it is.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, **how})

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """As rich does, each piece of text made printable."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else printable(segment.text)
            yield segment if text == segment.text else Segment(text, segment.style)
