"""The fused kernels give what torch's plain loops give, in the cases too where torch's own would not."""

import copy

import pytest
import torch
from torch import nn

from sooner.optim import _fused, make

PLAIN = {
    "sgd": lambda p, **options: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, foreach=False, **options),
    "adamw": lambda p, **options: torch.optim.AdamW(p, lr=0.1, weight_decay=0.0, foreach=False, **options),
    "adagrad": lambda p, **options: torch.optim.Adagrad(p, lr=0.1, foreach=False, **options),
}
every = pytest.mark.parametrize("name", PLAIN)


def twins(model):
    return model, copy.deepcopy(model)


def set_both(ours, theirs, gradients):
    for mine, other, gradient in zip(ours.parameters(), theirs.parameters(), gradients, strict=True):
        mine.grad, other.grad = gradient, None if gradient is None else gradient.clone()


@every
def test_the_kernel_is_taken(name):
    assert [group["fused"] for group in make(name, nn.Linear(2, 2), lr=0.1).param_groups] == [True, True]


def test_a_first_step_that_overflows_leaves_nothing_behind(monkeypatch):
    """Nesterov's steps at gradient 1 after it: v = 1 and 1.9, so w = 1 - 0.1 (1 + 0.9) - 0.1 (1 + 0.9 * 1.9)."""
    empty_like = torch.empty_like
    monkeypatch.setattr(torch, "empty_like", lambda *given, **named: empty_like(*given, **named).fill_(1e30))
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    optimizer = make("sgd", net, lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for factor in (float("inf"), 1.0, 1.0):
        optimizer.zero_grad()
        scaler.scale(net(torch.full((1, 1), factor)).sum()).backward()
        scaler.step(optimizer)
        scaler.update(4.0)
    assert net.weight.item() == pytest.approx(1 - 0.1 * 1.9 - 0.1 * (1 + 0.9 * 1.9))


@every
def test_gradients_can_be_unscaled_and_clipped_before_the_step(name):
    """As Fabric and Lightning do under mixed precision; they refuse where a kernel would unscale by itself."""
    from lightning_fabric.plugins import MixedPrecision

    net = nn.Linear(2, 1, bias=False)
    optimizer = make(name, net, lr=0.1)
    precision = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=4.0))
    precision.scaler.scale(net(torch.tensor([[3.0, 4.0]])).sum()).backward()
    precision.unscale_gradients(optimizer)
    assert net.weight.grad.tolist() == [[3.0, 4.0]]


@every
def test_a_parameter_may_get_its_first_gradient_late(name):
    ours, theirs = twins(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)))
    optimizer, plain = make(name, ours, lr=0.1), PLAIN[name](theirs.parameters())
    draw = torch.Generator().manual_seed(0)
    for step in range(6):
        # The second layer's come in the second step, go, and are there again.
        absent = step in (0, 3)
        given = [torch.randn(p.shape, generator=draw) for p in ours.parameters()]
        set_both(ours, theirs, [None if absent and at >= 2 else g for at, g in enumerate(given)])
        optimizer.step()
        plain.step()
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    assert all(group["fused"] for group in optimizer.param_groups)


@pytest.mark.parametrize("name", ["sgd", "adagrad"])
def test_sparse_gradients_move_what_dense_ones_do(name):
    sparse = nn.Sequential(nn.Embedding(6, 3, sparse=True), nn.Linear(3, 1))
    dense = nn.Sequential(nn.Embedding(6, 3), nn.Linear(3, 1))
    dense.load_state_dict(sparse.state_dict())
    optimizer, plain = make(name, sparse, lr=0.1), PLAIN[name](dense.parameters())
    for words in ([0, 1, 1], [1, 2, 5], [5, 5, 0], [3, 2, 0]):
        for net, stepping in ((sparse, optimizer), (dense, plain)):
            stepping.zero_grad()
            net(torch.tensor(words)).square().sum().backward()
            stepping.step()
    assert sparse[0].weight.grad.is_sparse
    torch.testing.assert_close(sparse.state_dict(), dense.state_dict())


@pytest.mark.parametrize("name", ["sgd", "adagrad"])
def test_sparse_gradients_of_what_decays_are_refused_with_the_remedy(name):
    net = nn.Embedding(6, 3, sparse=True)
    optimizer = make(name, net, lr=0.1, weight_decay=0.1)
    net(torch.tensor([1])).sum().backward()
    with pytest.raises(TypeError, match=f"{name} takes no sparse gradients where weights decay.*name the embedding in"):
        optimizer.step()
    make(name, net, lr=0.1, weight_decay=0.1, no_decay=("weight",)).step()


@every
@pytest.mark.parametrize("other", ["gradient", "moments"])
def test_tensors_laid_out_otherwise_in_memory_are_not_mixed_up(name, other):
    """A kernel reads memory from its start to its end: with channels last the same entries stand elsewhere there."""
    ours, theirs = twins(nn.Conv2d(2, 3, 2, bias=False).to(memory_format=torch.channels_last))
    optimizer, plain = make(name, ours, lr=0.1), PLAIN[name](theirs.parameters())
    draw = torch.Generator().manual_seed(0)
    for step in range(4):
        gradient = torch.randn(3, 2, 2, 2, generator=draw)
        laid_out = torch.empty_like(ours.weight).copy_(gradient)
        set_both(ours, theirs, [gradient if other == "gradient" and step == 2 else laid_out])
        optimizer.step()
        plain.step()
        if other == "moments" and step == 1:
            saved = optimizer.state_dict()
            for slots in saved["state"].values():
                for key, value in slots.items():
                    slots[key] = value.contiguous() if value.ndim else value
            optimizer.load_state_dict(saved)
    torch.testing.assert_close(ours.weight, theirs.weight)


@every
@pytest.mark.parametrize("moved", [False, True], ids=["from the start", "after a move"])
def test_without_a_kernel_on_the_device_torchs_default_takes_its_place(name, moved, monkeypatch):
    ours, theirs = twins(nn.Linear(3, 2))
    if not moved:
        monkeypatch.setattr(_fused, "has_kernel", lambda kernel, device: False)
    optimizer, plain = make(name, ours, lr=0.1), PLAIN[name](theirs.parameters())
    for _ in range(4):
        set_both(ours, theirs, [torch.ones(2, 3), torch.ones(2)])
        optimizer.step()
        plain.step()
        monkeypatch.setattr(_fused, "has_kernel", lambda kernel, device: False)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    assert [group["fused"] for group in optimizer.param_groups] == [None, None]


def test_which_kernels_there_are_is_asked_of_torch():
    assert _fused.has_kernel("_fused_sgd_", "cpu")
    assert not _fused.has_kernel("_fused_sgd_", "meta")


@every
def test_a_group_that_is_added_is_asked_too(name):
    optimizer = make(name, nn.Linear(2, 2), lr=0.1)
    complex_one = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    optimizer.add_param_group({"params": [complex_one]})
    complex_one.grad = torch.ones(2, dtype=torch.complex64)
    optimizer.step()
    assert [group["fused"] for group in optimizer.param_groups] == [True, True, None]
    assert not torch.equal(complex_one.detach(), torch.ones(2, dtype=torch.complex64))


@every
def test_the_kernel_can_be_left_out_or_insisted_on(name):
    net = nn.Linear(2, 2)
    assert [group["fused"] for group in make(name, net, lr=0.1, fused=False).param_groups] == [None, None]
    assert [group["fused"] for group in make(name, net, lr=0.1, fused=True).param_groups] == [True, True]
    with pytest.raises(TypeError, match="fused must be true, false or null, not 'yes'"):
        make(name, net, lr=0.1, fused="yes")
    complex_one = nn.ParameterList([nn.Parameter(torch.ones(2, dtype=torch.complex64))])
    with pytest.raises(ValueError, match=r"fused=True, and this build of torch has no .* kernel for complex64 on cpu"):
        make(name, complex_one, lr=0.1, fused=True)


@every
def test_a_state_saved_by_torchs_own_kernel_goes_on(name):
    """Version 0.2.0 made torch's classes with fused=True, and each group had its initial_lr."""
    ours, theirs = twins(nn.Linear(3, 2))
    options = {"momentum": 0.9, "nesterov": True} if name == "sgd" else {}
    options |= {"weight_decay": 0.0} if name == "adamw" else {}
    kind = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW, "adagrad": torch.optim.Adagrad}[name]
    before = kind([{"params": [theirs.weight]}, {"params": [theirs.bias]}], lr=0.1, fused=True, **options)
    for group in before.param_groups:
        group["initial_lr"] = 0.1
    after = make(name, ours, lr=0.5)
    for step in range(4):
        if step == 2:
            ours.load_state_dict(theirs.state_dict())
            after.load_state_dict(copy.deepcopy(before.state_dict()))
        set_both(ours, theirs, [torch.full((2, 3), float(step)), torch.ones(2)])
        before.step()
        after.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)
