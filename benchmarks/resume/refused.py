"""What cannot be resumed exactly and is refused: what is said, of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from benchmarks.resume.training import BATCH, N, Points
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

import sooner
from sooner.integrations import guard
from sooner.sampling import InfoBatch


def stateful_loader() -> Any:
    """Batches of a `StatefulDataLoader` with workers, which takes the sampler's state when it fetches a batch."""
    made = InfoBatch(N, BATCH)
    data = sooner.Indexed(Points(draws=False))
    return StatefulDataLoader(data, batch_sampler=made, collate_fn=sooner.collate, num_workers=2)


def accelerators_own() -> Any:
    """Batches of a loader that `accelerator.prepare` has made, of a sampler that was resumed in its second round."""
    made, data = InfoBatch(N, BATCH), sooner.Indexed(Points(draws=False))
    made.set_epoch(1)
    loader: DataLoader[Any] = DataLoader(data, batch_sampler=made, collate_fn=sooner.collate)  # type: ignore[arg-type]
    return guard(Accelerator(cpu=True).prepare(loader), made)


CASES: dict[str, Callable[[], Any]] = {
    "StatefulDataLoader with workers, and a sampler that observes": stateful_loader,
    "accelerator.prepare(loader), resumed": accelerators_own,
}


def refused() -> dict[str, str]:
    """By case, the error. AssertionError where there is none."""
    found = {}
    for name, batches in CASES.items():
        try:
            next(iter(batches()))
        except (RuntimeError, sooner.errors.SoonerError) as error:
            found[name] = f"{type(error).__name__}: {error}"
        finally:
            AcceleratorState._reset_state(reset_partial_state=True)
            GradientState._reset_state()
        assert name in found, f"{name} is not refused"
    return found
