"""What every wrapper is to code that knows nothing of it: the optimizer inside."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sooner.optim import SSO, Lookahead, PerpGrad, make, wrap
from sooner.training import checkpoint

INPUTS = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
TARGETS = torch.arange(16) % 4

# Each name and what it is made with; the last has all of them in their order.
CASES = {
    "perpgrad": lambda base: PerpGrad(base),
    "perpgrad as-is": lambda base: PerpGrad(base, norm="as-is", dimensions=2),
    "lookahead": lambda base: Lookahead(base, k=3),
    "lookahead twice": lambda base: Lookahead(Lookahead(base, k=2), k=3, alpha=0.25),
    "sso": lambda base: SSO(base, steps=2),
    "all": lambda base: SSO(Lookahead(PerpGrad(base), k=3, alpha=0.25), steps=2, eta=1.0),
}
BASES = ["sgd", "adamw", "adagrad", "adagrad-norm", "lamb", "lars", "muon"]
RATES = {"sgd": 0.05, "adagrad-norm": 0.5, "lars": 5.0}

every = pytest.mark.parametrize("case", CASES)


def net_and(case, base="adamw"):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 4))
    return net, CASES[case](make(base, net, lr=RATES.get(base, 0.05)))


def take(net, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        if isinstance(optimizer, SSO):
            optimizer.step(lambda: net(INPUTS), lambda z: F.cross_entropy(z, TARGETS))
        else:
            F.cross_entropy(net(INPUTS), TARGETS).backward()
            optimizer.step()
    return [parameter.detach().clone() for parameter in net.parameters()]


def same(ours, theirs):
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@every
def test_groups_and_state_are_the_base_optimizers_own(case):
    net, optimizer = net_and(case)
    base = optimizer.base
    assert isinstance(base, torch.optim.AdamW)
    assert optimizer.param_groups is base.param_groups
    assert optimizer.state is base.state
    assert optimizer.defaults is base.defaults
    take(net, optimizer, 2)
    assert optimizer.state is base.state
    assert set(optimizer.state) == set(net.parameters())


@every
@pytest.mark.parametrize("base", BASES)
def test_it_continues_exactly_after_every_way_of_saving(case, base, tmp_path):
    for steps in (1, 4):
        unbroken = take(*net_and(case, base), 7)
        net, optimizer = net_and(case, base)
        take(net, optimizer, steps)
        file = io.BytesIO()
        torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, file)
        file.seek(0)
        checkpoint.save(tmp_path / "point", {"optimizer": optimizer.state_dict()})
        for saved in (
            torch.load(file, weights_only=True)["optimizer"],
            checkpoint.load(tmp_path / "point")["optimizer"],
        ):
            fresh, resumed = net_and(case, base)
            fresh.load_state_dict(net.state_dict())
            checkpoint.load_optimizer(resumed, saved)
            assert same(take(fresh, resumed, 7 - steps), unbroken)


@every
def test_it_can_be_pickled_and_copied(case):
    net, optimizer = net_and(case)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)  # it patches the step
    take(net, optimizer, 2)
    optimizer.register_step_pre_hook(lambda *_: None)
    for again, copied in (pickle.loads(pickle.dumps((net, optimizer))), copy.deepcopy((net, optimizer))):
        assert copied.param_groups is copied.base.param_groups
        assert repr(copied) == repr(optimizer)
        assert same(take(again, copied, 3), take(*copy.deepcopy((net, optimizer)), 3))


@every
def test_hooks_on_the_step_are_called_around_it(case):
    net, optimizer = net_and(case)
    calls = []
    handles = [
        optimizer.register_step_pre_hook(lambda *_: calls.append("before")),
        optimizer.register_step_post_hook(lambda *_: calls.append("after")),
        optimizer.base.register_step_post_hook(lambda *_: calls.append("base")),
    ]
    take(net, optimizer, 1)
    # Of SSO, hooks are the inner optimizer's: there are two inner steps.
    once = ["before", "after", "base"] if case == "sso" else ["before", "base", "after"]
    assert calls == once * (2 if "sso" in repr(optimizer).lower() else 1)
    for handle in handles:
        handle.remove()
    take(net, optimizer, 1)
    assert len(calls) <= 6


@every
def test_hooks_on_state_dicts_are_the_base_optimizers(case):
    _, optimizer = net_and(case)
    calls = []
    optimizer.register_state_dict_pre_hook(lambda _: calls.append("save"))
    optimizer.register_load_state_dict_post_hook(lambda _: calls.append("load"))
    optimizer.load_state_dict(optimizer.state_dict())
    assert calls == ["save", "load"]


@every
def test_a_scheduler_of_torch_moves_its_rates(case):
    net, optimizer = net_and(case)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    take(net, optimizer, 1)
    schedule.step()
    assert [group["lr"] for group in optimizer.base.param_groups] == [0.025, 0.025]


@every
def test_a_group_that_is_added_moves(case):
    net, optimizer = net_and(case)
    take(net, optimizer, 2)
    more = nn.Linear(4, 4)
    optimizer.add_param_group({"params": list(more.parameters())})
    assert len(optimizer.base.param_groups) == 3
    before = more.weight.detach().clone()
    take(nn.Sequential(net, more), optimizer, 4)
    assert not torch.equal(more.weight, before)


@every
def test_surgery_in_place_carries_all_of_it_along(case):
    """Half of a hidden layer goes: parameters, groups and every state tensor of their shape are cut alike."""
    net, optimizer = net_and(case)
    take(net, optimizer, 4)
    keep = torch.tensor([0, 2, 4])
    cuts = {(0, "weight"): 0, (0, "bias"): 0, (2, "weight"): 1}
    for (layer, name), axis in cuts.items():
        old = getattr(net[layer], name)
        new = nn.Parameter(old.detach().index_select(axis, keep))
        state = optimizer.state.pop(old)
        optimizer.state[new] = {
            key: value.index_select(axis, keep) if torch.is_tensor(value) and value.shape == old.shape else value
            for key, value in state.items()
        }
        for group in optimizer.param_groups:
            group["params"] = [new if parameter is old else parameter for parameter in group["params"]]
        setattr(net[layer], name, new)
    before = [parameter.detach().clone() for parameter in net.parameters()]
    after = take(net, optimizer, 4)
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@every
def test_it_works_within_fabric(case):
    from lightning_fabric import Fabric

    expected = take(*net_and(case), 5)
    net, optimizer = net_and(case)
    fabric = Fabric(accelerator="cpu", devices=1)
    model, wrapped = fabric.setup(net, optimizer)
    assert wrapped.param_groups is optimizer.base.param_groups
    seen = []
    wrapped.register_step_pre_hook(lambda *_: seen.append(1))
    for _ in range(5):
        wrapped.zero_grad()
        if isinstance(optimizer, SSO):  # Fabric's own step takes a closure alone
            wrapped.optimizer.step(lambda: model(INPUTS), lambda z: F.cross_entropy(z, TARGETS), fabric.backward)
        else:
            fabric.backward(F.cross_entropy(model(INPUTS), TARGETS))
            wrapped.step()
    assert len(seen) == 5 * (2 if isinstance(optimizer, SSO) else 1)
    assert same([parameter.detach() for parameter in net.parameters()], expected)
    fresh, resumed = net_and(case)
    _, resumed = fabric.setup(fresh, resumed)
    resumed.load_state_dict(wrapped.state_dict())
    assert resumed.state_dict()["param_groups"] == wrapped.state_dict()["param_groups"]


@pytest.mark.parametrize("case", ["perpgrad", "lookahead"])
def test_a_closure_is_called_with_gradients(case):
    expected = take(*net_and(case), 4)
    net, optimizer = net_and(case)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(net(INPUTS), TARGETS)
        loss.backward()
        return loss

    for _ in range(4):
        assert optimizer.step(closure).ndim == 0
    assert same([parameter.detach() for parameter in net.parameters()], expected)


def test_repr_shows_the_options_that_differ():
    _, optimizer = net_and("all")
    assert repr(optimizer) == "SSO(Lookahead(PerpGrad(optimizer), k=3, alpha=0.25), steps=2, eta=1.0)"


def test_nothing_goes_around_sso():
    _, optimizer = net_and("sso")
    with pytest.raises(TypeError, match="SSO must be the outermost: wrap its optimizer in Lookahead, then that"):
        wrap("lookahead", optimizer)
