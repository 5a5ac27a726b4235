"""What a run's own code raised, in the words that its record keeps."""

from __future__ import annotations

import traceback

from sooner.racing.programs.text import plain


def raised(error: BaseException) -> tuple[str, str]:
    """The reason for which the run stopped, one line, and the end of the traceback."""
    reason = plain(f"{type(error).__name__}: {error}".split("\n")[0])
    return reason, plain("".join(traceback.format_exception(error)))
