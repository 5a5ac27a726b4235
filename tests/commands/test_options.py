"""What --help shows of the commands that race: options in groups, and examples that can be run as they stand."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from sooner.cli import app
from sooner.commands import options, plan, race, suite
from tests.commands.line import Run

PANELS = [
    *(options.WHAT, options.DATA, options.PROGRAMS, options.PROTOCOL, options.MACHINE, options.OUTPUT),
    options.RESUMING,
]
COMMANDS = {"race": race.EXAMPLES, "suite": suite.EXAMPLES, "plan": plan.EXAMPLES}
# Typer's commands have the names of Click's; their types are its own.
GROUP: Any = typer.main.get_command(app)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_a_group(command: str) -> None:
    loose = {
        each.name
        for each in GROUP.commands[command].params
        if each.param_type_name == "option" and each.rich_help_panel not in PANELS
    }
    assert loose == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_its_examples_are_read_without_complaint(command: str) -> None:
    heading, *lines = COMMANDS[command].split("\n\n")
    assert heading == "Examples:"
    for line in lines:
        program, called, *arguments = shlex.split(line)
        assert (program, called) == ("sooner", command)
        with GROUP.commands[command].make_context(command, arguments) as context:
            assert context.params


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_fits_a_narrow_terminal_and_needs_no_colour(
    sooner: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    status, out, _ = sooner(command, "--help")
    assert status == 0
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    lines = [line.strip() for line in out.splitlines()]
    assert [line for line in COMMANDS[command].split("\n\n") if line not in lines] == []  # none is broken
    groups = [line.strip("╭─╮ ") for line in lines if line.startswith("╭")]
    assert groups[2:] == [panel for panel in PANELS if panel in groups]
