from collections.abc import Iterator

import pytest
import torch

from sooner import Batch
from sooner.batching import Batching, join, joined


def batch(start, size, named=False):
    """Examples `start` and on; each input is its own index."""
    index = torch.arange(start, start + size)
    inputs = {"x": index.float(), "y": -index.float()} if named else index[:, None].float()
    return Batch(inputs, index * 10, index, index.float() / 2)


class Growing(Batching):
    """1, 2, 3, ... batches together."""

    taken = 1

    @property
    def batches(self):
        return self.taken

    def step(self, progress):
        self.taken += 1


def test_joined_batches_hold_all_examples_in_order():
    whole = join([batch(0, 3), batch(3, 2), batch(5, 1)])
    assert whole.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert whole.inputs.tolist() == [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]
    assert whole.targets.tolist() == [0, 10, 20, 30, 40, 50]
    assert whole.weight.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def test_named_inputs_are_joined_one_by_one():
    whole = join([batch(0, 2, named=True), batch(2, 1, named=True)])
    assert whole.inputs["x"].tolist() == [0.0, 1.0, 2.0]
    assert whole.inputs["y"].tolist() == [0.0, -1.0, -2.0]


def test_one_batch_stays_itself():
    only = batch(0, 3)
    assert join([only]) is only


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="at least one batch"):
        join([])
    for other in (batch(2, 2), Batch({"x": torch.ones(1)}, torch.ones(1), torch.tensor([2]), torch.ones(1))):
        with pytest.raises(ValueError, match="mappings with the same keys"):
            join([batch(0, 2, named=True), other])


def test_steps_join_as_many_as_the_method_says_when_they_are_asked_for():
    steps = []
    growing = Growing(2)
    for step in joined((batch(2 * i, 2) for i in range(8)), growing):
        steps.append(step.index.tolist())
        growing.step(0.0)
    # 1, 2 and 3 batches, and the 2 that are left of 4.
    assert steps == [[0, 1], [2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15]]


def test_batches_are_not_taken_before_their_step():
    taken = []

    def batches() -> Iterator[Batch]:
        for i in range(4):
            taken.append(i)
            yield batch(i, 1)

    steps = joined(batches(), Batching(1))
    next(steps)
    assert taken == [0]
