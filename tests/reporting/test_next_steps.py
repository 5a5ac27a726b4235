import shlex

from sooner.reporting.next_steps import next_steps


def test_the_commands_can_be_read_by_the_command_line() -> None:
    from typer.main import get_command

    from sooner.cli import app

    commands = [line for line in next_steps(".venv/bin/sooner") if line.startswith("  ")]
    assert len(commands) == 2
    for line in commands:
        called, name, *arguments = shlex.split(line)
        assert called == ".venv/bin/sooner"
        get_command(app).commands[name].make_context(name, arguments)  # raises for an unknown option
