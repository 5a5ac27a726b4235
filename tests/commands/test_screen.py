import io
import re

import pytest
from rich.table import Table
from rich.text import Text

from sooner.commands.screen import Console
from sooner.reporting.console import say

HOSTILE = "\x1b[2J\x9b31m \u202egnp [red]x[/red] [/] :smile:"


def test_text_of_others_is_shown_as_it_is_and_styles_still_work() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=200, legacy_windows=False)
    say(console, HOSTILE, style="red")
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    table.add_row(Text(HOSTILE))
    console.print(table)
    console.print(HOSTILE)
    shown = stream.getvalue()
    assert shown.startswith("\x1b[31m")  # what rich itself sends
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain.count("\\x1b[2J\\x9b31m \\u202egnp [red]x[/red] [/] :smile:") == 2
    assert plain.count("\\x1b[2J\\x9b31m \\u202egnp [red]x[/re") == 5  # cells are cut to their column
    assert "\x1b[2J" not in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_lines_stay_lines(terminal: bool) -> None:
    stream = io.StringIO()
    say(Console(file=stream, force_terminal=terminal, color_system=None), "a\n\tb\n")
    assert stream.getvalue().replace(" ", "") in ("a\nb\n\n", "a\n\tb\n\n")
