"""Masks before the optimizer's step: under loss scalers, closures and wrappers."""

import pickle
from itertools import pairwise

import pytest
import torch
from pytorch_optimizer import Lookahead
from tests.sparsity.nets import GROWING, batches, loss_of, mlp, sgd, train

from sooner.sparsity import RandomPruning, RigL, make


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", GROWING)
def test_a_loss_scaler_changes_nothing_and_a_skipped_step_puts_the_update_off(name, fused):
    def run(scale, broken=()):
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=fused)
        sparsity = make(name, model, optimizer, density=0.2, every=3)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, enabled=scale)
        versions = []
        for step, batch in enumerate(batches(8)):
            loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
            scaler.scale(loss * (float("inf") if step in broken else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
            sparsity.step((step + 1) / 12)
            optimizer.zero_grad()
            versions.append(sparsity.version)
        changes = [int(later > earlier) for earlier, later in pairwise(versions)]
        return sparsity.masks, changes, [parameter.detach() for parameter in model.parameters()]

    plain, scaled, skipped = run(False), run(True), run(True, broken=(2,))
    torch.testing.assert_close(scaled[0], plain[0])
    torch.testing.assert_close(scaled[2], plain[2])
    assert scaled[1] == plain[1] == [0, 1, 0, 0, 1, 0, 0]  # after steps 3 and 6
    assert skipped[1] == [0, 0, 1, 0, 0, 1, 0]  # after steps 4 and 7
    assert all(parameter.isfinite().all() for parameter in skipped[2])


@pytest.mark.parametrize("name", GROWING)
def test_a_closure_is_masked_after_it_has_run(name):
    def run(closed):
        model = mlp()
        optimizer = sgd(model, momentum=0.9)
        sparsity = make(name, model, optimizer, density=0.2, every=2)
        for step, batch in enumerate(batches(8)):

            def closure(batch=batch):
                optimizer.zero_grad(set_to_none=False)
                loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
                loss.backward()
                return loss

            if closed == "keyword":
                optimizer.step(closure=closure)
            elif closed:
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            sparsity.step((step + 1) / 10)
        return sparsity.masks, list(model.parameters())

    plain = run("")
    for closed in ("position", "keyword"):
        torch.testing.assert_close(run(closed), plain, rtol=0, atol=0)


def test_lbfgs():
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    sparsity = RigL(model, optimizer, density=0.3, every=2)
    batch = batches(1)[0]

    def closure():
        optimizer.zero_grad()
        loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
        loss.backward()
        return loss

    losses = []
    for step in range(8):
        losses.append(optimizer.step(closure).item())
        sparsity.step((step + 1) / 8)
    assert losses[-1] < losses[0]
    for name, mask in sparsity.masks.items():
        assert not model.get_submodule(name).weight[~mask].any()


class Moving(torch.optim.SGD):
    """Moves weights that have no gradient, as Muon does."""

    def step(self, closure=None):
        super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter += 0.01


def test_weights_that_the_optimizer_moves_without_gradient_are_masked():
    model = mlp()
    optimizer = Moving(model.parameters(), lr=0.1)
    sparsity = RigL(model, optimizer, density=0.2, every=2)
    previous = sparsity.masks

    def check(step):
        nonlocal previous
        for name, mask in sparsity.masks.items():
            assert not model.get_submodule(name).weight[~mask | ~previous[name]].any()
        previous = sparsity.masks

    train(model, optimizer, sparsity, 10, after=check)


class Inside(torch.optim.Optimizer):
    """A wrapper that makes the backward pass itself, from two functions."""

    def __init__(self, optimizer):
        super().__init__(optimizer.param_groups, {})
        self.optimizer = optimizer

    def step(self, forward, loss):
        loss(forward()).backward()
        self.optimizer.step()


@pytest.mark.parametrize("name", GROWING)
def test_a_wrapper_that_makes_the_backward_pass_itself(name):
    def run(inside):
        model = mlp()
        inner = sgd(model, momentum=0.9)
        optimizer = Inside(inner) if inside else inner
        sparsity = make(name, model, optimizer, density=0.2, every=2)
        for step, batch in enumerate(batches(8)):
            forward = lambda inputs=batch.inputs: model(inputs)
            loss = lambda outputs, batch=batch: loss_of(outputs, batch.targets, batch.index).mean()
            if inside:
                optimizer.step(forward, loss)
            else:
                loss(forward()).backward()
                optimizer.step()
            sparsity.step((step + 1) / 10)
            optimizer.zero_grad(set_to_none=False)
        return sparsity.masks, list(model.parameters())

    torch.testing.assert_close(run(True), run(False), rtol=0, atol=0)


def test_clipping_by_the_norm_of_live_weights():
    model = mlp()
    optimizer = sgd(model)
    sparsity = RigL(model, optimizer, density=0.2, every=1, fraction=0.5)
    batch = batches(1)[0]
    loss_of(model(batch.inputs), batch.targets, batch.index).mean().backward()
    dense = {name: model.get_submodule(name).weight.grad.clone() for name in sparsity.masks}
    sparsity.mask_gradients()
    for name, mask in sparsity.masks.items():
        assert torch.equal(model.get_submodule(name).weight.grad, dense[name] * mask)
    optimizer.step()
    expected = sparsity.masks
    sparsity.step(0.1)
    for name, mask in sparsity.masks.items():  # it grew by the gradients of before the masks
        grown = mask & ~expected[name]
        assert grown.any()
        assert dense[name].abs()[grown].min() >= dense[name].abs()[~mask & ~expected[name]].max()


def test_a_second_one_takes_the_place_of_the_first():
    model = mlp()
    optimizer = sgd(model)
    first = RigL(model, optimizer, density=0.5)
    second = RandomPruning(model, optimizer, density=0.2)
    assert len(optimizer._optimizer_step_pre_hooks) == 1
    second.step(0.1)
    with pytest.raises(RuntimeError, match="this RigL was removed from its optimizer, or another took its place"):
        first.step(0.1)
    second.remove()
    assert not optimizer._optimizer_step_pre_hooks
    again = pickle.loads(pickle.dumps(second))
    with pytest.raises(RuntimeError, match="was removed"):
        again.step(0.1)


def test_pickled_hooks_are_there_once():
    model = mlp()
    optimizer = sgd(model)
    trio = (model, optimizer, RigL(model, optimizer, density=0.2))
    for _ in range(3):
        trio = pickle.loads(pickle.dumps(trio))
    assert len(trio[1]._optimizer_step_pre_hooks) == 1
    assert trio[2].optimizer is trio[1]
    assert trio[2].model is trio[0]


def test_a_wrapper_and_what_it_wraps_are_both_hooked():
    model = mlp()
    inner = sgd(model)
    outer = Lookahead(inner)
    sparsity = RigL(model, outer, density=0.2)
    assert len(outer._optimizer_step_pre_hooks) == len(inner._optimizer_step_pre_hooks) == 1
    sparsity.remove()
    assert not outer._optimizer_step_pre_hooks
    assert not inner._optimizer_step_pre_hooks


def test_step_sizes_of_rprop_are_kept():
    model = mlp()
    optimizer = torch.optim.Rprop(model.parameters(), lr=0.01)
    sparsity = RigL(model, optimizer, density=0.2, every=2)
    train(model, optimizer, sparsity, 10)
    for name in sparsity.masks:
        assert optimizer.state[model.get_submodule(name).weight]["step_size"].min() > 0
