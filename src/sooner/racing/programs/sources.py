"""Which of a program's streams its metric is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sooner.racing.programs.journal import Journal
from sooner.racing.programs.reports import Message
from sooner.training.evaluation import Evaluation


class Sources:
    """The journals of standard output, `sooner.report` included, and of standard error.

    Standard error counts only where the other one has no metric: many programs log theirs there, and many show there
    how training goes while they print what they evaluate.

    Args:
        started: the moment when the program was started.
        on_look: called for each look as it comes.
        reports: whether metrics from `sooner.report` count.
        own_seconds, target: see `Journal`.
    """

    def __init__(
        self,
        started: float,
        on_look: Callable[[Evaluation], None],
        *,
        reports: bool,
        own_seconds: bool = False,
        target: float | None = None,
    ) -> None:
        def aside(look: Evaluation) -> None:
            if not self._output.heard:
                on_look(look)

        self._output = Journal(started, on_look, reports=reports, own_seconds=own_seconds, target=target)
        self._error = Journal(started, aside, reports=False, own_seconds=own_seconds, target=target)

    def take(self, message: Message) -> None:
        """Note a message of the program."""
        if not message.error:
            self._output.take(message)
        if not self._output.heard:
            self._error.take(message if message.error else replace(message, reading=None))

    @property
    def journal(self) -> Journal:
        """That of the run, as far as can be told by now."""
        return self._error if self._error.heard and not self._output.heard else self._output

    @property
    def fault(self) -> str | None:
        """Why the run cannot go on. Standard error may be at fault and yet not count in the end, save for its scale."""
        return self.journal.fault if self.journal is self._output or self._error.doubted else None
