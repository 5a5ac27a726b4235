"""The command line: its commands, and how it ends. Each command imports what it needs when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TextIO, cast

import typer

from sooner._version import __version__
from sooner.commands.compare import compare
from sooner.commands.doctor import doctor
from sooner.commands.methods import methods
from sooner.commands.plan import EXAMPLES as OF_PLAN
from sooner.commands.plan import plan
from sooner.commands.race import EXAMPLES as OF_RACE
from sooner.commands.race import WithPrograms, race
from sooner.commands.report import report
from sooner.commands.suite import EXAMPLES as OF_SUITE
from sooner.commands.suite import suite
from sooner.commands.tasks import tasks
from sooner.errors import SoonerError

app = typer.Typer(
    name="sooner",
    help="Reach your accuracy sooner, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sooner {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command(cls=WithPrograms, epilog=OF_RACE)(race)
for _command in (report, tasks, methods, doctor):
    app.command()(_command)
app.command(epilog=OF_PLAN)(plan)
app.command()(compare)
app.command(epilog=OF_SUITE)(suite)


class _Pipe:
    """Standard output, whose reader may leave before the end, as `head` does: then this ends quietly too."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own."""
        with self._read():
            return self._stream.write(text)

    def flush(self) -> None:
        """As the stream's own."""
        with self._read():
            self._stream.flush()

    @contextmanager
    def _read(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            sys.exit(141)  # 128 + SIGPIPE, as programs that know nothing of pipes end


def main() -> None:
    """Entry point: errors a user can act on are one message and status 2, an interrupt is status 130."""
    before, sys.stdout = sys.stdout, cast(TextIO, _Pipe(sys.stdout))
    try:
        app()
    except SoonerError as error:
        typer.echo(f"sooner: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        sys.stdout = before


if __name__ == "__main__":
    main()
