"""Who asks for a state: a loader that takes one with every batch that it fetches, before any loss of it is observed."""

from __future__ import annotations

import sys

_FRAMES = 6  # between such a loader and the sampler that it asks: a helper of its own, and the samplers' methods


def asked_while_fetching() -> bool:
    """Whether the caller was called by the iterator of torchdata's `StatefulDataLoader` over worker processes.

    It keeps what it gets until that batch is used, and nothing that it calls on a sampler tells its kinds apart, so
    the caller is looked up on the stack. Without workers it asks when its own state is asked for, which is exact.
    """
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_back is None:
            return False
        frame = frame.f_back
        if frame.f_globals.get("__name__", "").startswith("torchdata.stateful_dataloader"):
            asking = frame.f_locals.get("self")
            if asking is not None:
                return getattr(asking, "_num_workers", 0) > 0
    return False
