"""Accelerate's checkpoints in the middle of an accumulation, and those that replace them."""

import pytest
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

from sooner.integrations import _accumulated
from sooner.integrations._accumulated import keep_gradients
from tests.integrations.example import network


def built():
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    layer = network()
    model, optimizer = accelerator.prepare(layer, torch.optim.SGD(layer.parameters(), lr=1.0))
    keep_gradients(accelerator)
    keep_gradients(accelerator)  # once is enough
    return accelerator, model, optimizer


def step(accelerator, model, optimizer):
    with accelerator.accumulate(model):
        accelerator.backward(model(torch.ones(1, 64)).sum())
        optimizer.step()
        optimizer.zero_grad()


def files(folder):
    return sorted(file.name for file in folder.glob("gradients_*"))


def test_gradients_are_saved_in_the_middle_and_removed_by_a_state_that_has_none(tmp_path):
    parts = built()
    for kept in ([], ["gradients_0_of_1.pt"], []):
        if kept:
            (tmp_path / "gradients_1_of_4.pt").touch()  # of another number of processes
        parts[0].save_state(tmp_path)
        assert files(tmp_path) == kept
        step(*parts)


def test_a_state_goes_on_where_it_was_and_leaves_nothing_of_another(tmp_path):
    accelerator, model, _ = parts = built()
    accelerator.save_state(tmp_path / "before")
    step(*parts)
    accelerator.save_state(tmp_path / "middle")
    step(*parts)
    made = model.weight.detach().clone()
    assert made.unique().tolist() == [-1.0]  # half of two equal gradients of 1, each step's mean
    for state in ("middle", "again"):
        accelerator.load_state(tmp_path / state)
        if state == "middle":
            accelerator.save_state(tmp_path / "again")  # before any batch
        step(*parts)
        assert torch.equal(model.weight, made)
    step(*parts)  # of a new accumulation
    accelerator.load_state(tmp_path / "before")
    assert all(parameter.grad is None for parameter in model.parameters())


def test_fewer_processes_go_on_with_the_mean(tmp_path):
    accelerator, model, _ = built()
    accelerator.save_state(tmp_path)
    for rank in range(2):
        weight, bias = torch.full((10, 64), 2.0 * rank), torch.full((10,), 4.0)
        torch.save([weight, bias], tmp_path / f"gradients_{rank}_of_2.pt")
    accelerator.load_state(tmp_path)
    assert model.weight.grad.unique().tolist() == [1.0]
    assert model.bias.grad.unique().tolist() == [4.0]
    (tmp_path / "gradients_0_of_2.pt").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"by 2 processes, and has the gradients of 1: bring all files gradients"
    ):
        accelerator.load_state(tmp_path)


def test_gradients_that_cannot_be_kept_are_warned_of(tmp_path, monkeypatch):
    monkeypatch.setattr(_accumulated, "_ELSEWHERE", (DistributedType.NO,))
    parts = built()
    step(*parts)
    with pytest.warns(
        UserWarning, match=r"in the middle of a gradient accumulation.*accelerator\.sync_gradients is True"
    ):
        parts[0].save_state(tmp_path)
    assert files(tmp_path) == []
