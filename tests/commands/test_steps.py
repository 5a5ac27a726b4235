import io

from rich.console import Console

from sooner.commands.steps import step


def test_a_step_is_said_before_it_begins() -> None:
    for terminal in (False, True):
        out = io.StringIO()
        with step(Console(file=out, force_terminal=terminal, width=80), "reading [digits]"):
            assert "reading [digits]" in out.getvalue()


def test_without_a_terminal_it_is_a_line() -> None:
    out = io.StringIO()
    with step(Console(file=out), "reading digits"):
        pass
    assert out.getvalue() == "reading digits ...\n"
