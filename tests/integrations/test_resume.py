"""With dropout, in every loop: a fresh process makes of a saved state, to the bit, what the unbroken run makes."""

import pytest
import torch
from benchmarks.resume.processes import train
from benchmarks.resume.training import LOOPS, Setting


def check(loop, folder, stop, world=1, **options):
    unbroken = train(loop, Setting(folder, saves=(stop,), **options), world, 1, folder / "unbroken")
    resumed = train(loop, Setting(folder, start=stop, **options), world, 2, folder / "resumed")
    for one, other in zip(unbroken, resumed, strict=True):
        assert len(one.order) > stop
        assert one.order[stop:] == other.order
        assert torch.equal(one.weights, other.weights)


@pytest.mark.parametrize("loop", LOOPS)
def test_dropout_goes_on_in_the_middle_of_a_round(loop, tmp_path):
    check(loop, tmp_path, 5)


@pytest.mark.parametrize("loop", ["plain", "Accelerate", "Lightning"])  # transformers saves between two steps alone
@pytest.mark.parametrize("stop", [5, 18])  # one batch, and two, into an accumulation of four
def test_an_accumulation_goes_on_in_its_middle(loop, stop, tmp_path):
    check(loop, tmp_path, stop, accumulate=4)


@pytest.mark.parametrize("loop", LOOPS)
def test_two_processes_with_workers_go_on(loop, tmp_path):
    accumulate = 1 if loop == "transformers" else 4
    check(loop, tmp_path, 5, world=2, workers=1, accumulate=accumulate)
