"""The results of a race, for people: a table and verdicts in the terminal, one HTML page, and `results.json`."""

from __future__ import annotations

from sooner.reporting.page.page import write_page
from sooner.reporting.results_file import results_json
from sooner.reporting.terminal import plain_text, show, table, verdicts

__all__ = ["plain_text", "results_json", "show", "table", "verdicts", "write_page"]
