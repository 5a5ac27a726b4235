"""Watches over a worker and, when that is gone, ends what it started and removes its scratch folder.

    python guard.py MARK FOLDER

A worker can vanish without a chance to tidy up: killed for its memory, or with its driver. What it started carries
SOONER_WORKER=MARK in its environment. Run as a script: it imports nothing of sooner, so that it costs next to nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress

VARIABLE = "SOONER_WORKER"
_PASSES = 5  # a process that starts others while it is ended is looked for again


def main(mark: str, folder: str) -> None:
    """Wait for the end of stdin, whose other end the worker holds; then end what it left."""
    os.setsid()
    if os.fork():
        os._exit(0)  # an orphan is not among the children that Ray ends with their worker
    sys.stdin.buffer.read()
    for _ in range(_PASSES):
        if not end_marked(mark):
            break
    shutil.rmtree(folder, ignore_errors=True)


def end_marked(mark: str) -> int:
    """End all processes of this mark but this one; how many there were."""
    import psutil

    count = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(VARIABLE) == mark:
                process.kill()
                count += 1
    return count


if __name__ == "__main__":
    main(*sys.argv[1:])
