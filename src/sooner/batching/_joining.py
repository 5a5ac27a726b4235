"""Several of the sampler's batches made into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor

from sooner.batch import Batch, Inputs
from sooner.batching._base import Batching


def join(batches: Sequence[Batch]) -> Batch:
    """One batch of all the examples, in order; of one batch that batch itself. Costs a copy.

    Raises ValueError where there is none, or their inputs do not go together.
    """
    if not batches:
        raise ValueError("at least one batch is needed to join batches")
    if len(batches) == 1:
        return batches[0]
    return Batch(
        _joined_inputs([batch.inputs for batch in batches]),
        torch.cat([batch.targets for batch in batches]),
        torch.cat([batch.index for batch in batches]),
        torch.cat([batch.weight for batch in batches]),
    )


def joined(batches: Iterable[Batch], batching: Batching) -> Iterator[Batch]:
    """`batches` as steps: as many together as `batching` says when the step is asked for.

    The last step of a round takes what is left. Nothing is carried from one round into the next.

        for batch in joined(loader, batching):
            loss = observe_parts(batching, model, batch, loss_of_each)
            optimizer.step()
            optimizer.zero_grad()
            batching.step(progress)
    """
    rest = iter(batches)
    while together := list(islice(rest, batching.batches)):
        yield join(together)


def _joined_inputs(inputs: Sequence[Inputs]) -> Inputs:
    tensors = [each for each in inputs if isinstance(each, Tensor)]
    if len(tensors) == len(inputs):
        return torch.cat(tensors)
    mappings = [each for each in inputs if isinstance(each, Mapping)]
    keys = list(mappings[0])
    if len(mappings) < len(inputs) or any(set(each) != set(keys) for each in mappings):
        raise ValueError("batches can be joined where all their inputs are tensors, or mappings with the same keys")
    return {key: torch.cat([each[key] for each in mappings]) for key in keys}
