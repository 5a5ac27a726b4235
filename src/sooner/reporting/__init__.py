"""What a race found, for people: a table and verdicts in the terminal, and one HTML page."""

from __future__ import annotations

from sooner.reporting.page.page import write_page
from sooner.reporting.terminal import plain_text, show, table, verdicts

__all__ = ["plain_text", "show", "table", "verdicts", "write_page"]
