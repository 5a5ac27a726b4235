"""A thread that does what may hang, for a caller that waits only so long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue


class Worker:
    """One thread that carries out calls in turn. It never keeps the process from ending."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, action: Callable[[], None], timeout: float) -> None:
        """Have `action` done and wait for it. Raises what it raises, or TimeoutError; it then goes on by itself."""
        self.begin(action).result(timeout)

    def begin(self, action: Callable[[], None]) -> Future[None]:
        """Have `action` done after all that was asked before, without waiting for it."""
        future: Future[None] = Future()
        self._calls.put((action, future))
        return future

    def stop(self) -> None:
        """End the thread after all that was asked before."""
        self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            action, future = item
            try:
                action()
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:  # a library that calls sys.exit must not end the race that waits
                future.set_exception(RuntimeError(repr(error)))
            else:
                future.set_result(None)
