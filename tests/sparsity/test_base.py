"""What holds of every method: the model, the optimizer and the masks stay in step."""

import copy
import io
import pickle

import pytest
import torch
from pytorch_optimizer import Lookahead
from tests.sparsity.nets import GROWING, batches, convnet, every_method, loss_of, mlp, sgd, sparse, train
from torch import nn

from sooner.sparsity import MagnitudeGradual, RandomPruning, RigL

STEPS = 16


OPTIMIZERS = {
    "sgd": lambda model: sgd(model, momentum=0.9),
    "adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01, foreach=True, amsgrad=True),
    "fused": lambda model: torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1, fused=True),
    "lookahead": lambda model: Lookahead(sgd(model, momentum=0.9), k=3),
}


@every_method
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_dead_weights_and_their_state_are_zero_after_every_step(method, optimizer):
    model = mlp()
    optimizer = OPTIMIZERS[optimizer](model)
    sparsity = sparse(method, model, optimizer)
    previous = sparsity.masks
    moved = False

    def check(step):
        nonlocal previous, moved
        for name, mask in sparsity.masks.items():
            weight = model.get_submodule(name).weight
            grown = mask & ~previous[name]
            assert not weight[~mask].any()
            assert not weight[grown].any()
            for state in (optimizer.state[weight], getattr(optimizer, "optimizer", optimizer).state[weight]):
                for value in state.values():
                    if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                        assert not value[~mask | grown].any()
            moved |= bool(grown.any())
        previous = sparsity.masks

    before = [mask.clone() for mask in sparsity.masks.values()]
    train(model, optimizer, sparsity, STEPS, after=check)
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == round(0.2 * 136)
    assert sparsity.density == round(0.2 * 136) / 136
    if method.name in ("set", *GROWING):
        assert moved
        assert not all(map(torch.equal, before, sparsity.masks.values()))
    assert all(mask.any() for mask in sparsity.masks.values())


@every_method
def test_it_learns(method):
    model = mlp(sizes=(6, 32, 32, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    sparsity = sparse(method, model, optimizer, density=0.5)
    data = batches(8)

    def mean():
        return sum(loss_of(model(b.inputs), b.targets, b.index).mean() for b in data).item() / 8

    before = mean()
    train(model, optimizer, sparsity, 50)
    assert mean() < before / 2


@every_method
def test_it_goes_on_exactly_from_a_state_in_the_middle(method):
    def made(seed=0):
        model = mlp()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        return model, optimizer, sparse(method, model, optimizer, seed=seed)

    def parts(trio):
        return [part.state_dict() for part in trio]

    whole = made()
    train(*whole, STEPS)
    broken = made()
    train(*broken, 7, total=STEPS)
    file = io.BytesIO()
    torch.save(parts(broken), file)
    file.seek(0)
    states = torch.load(file, weights_only=True)
    resumed = made()
    train(*resumed, 3)  # so that loading has something to undo
    resumed[2].load_state_dict(states[2])
    resumed[0].load_state_dict(states[0])
    resumed[1].load_state_dict(states[1])
    train(*resumed, STEPS - 7, start=7)
    again = pickle.loads(pickle.dumps(broken))
    copied = copy.deepcopy(broken)
    for other in (broken, again, copied):
        train(*other, STEPS - 7, start=7)
    for other in (resumed, broken, again, copied):
        for mine, wanted in zip(parts(other), parts(whole), strict=True):
            assert mine.pop("options", None) == wanted.pop("options", None)
            assert mine.pop("method", None) == wanted.pop("method", None)
            for groups in (mine, wanted):
                groups.pop("param_groups", None)
            torch.testing.assert_close(mine, wanted, rtol=0, atol=0)
    with pytest.raises(ValueError, match="belongs to other masks: seed is 0 there and 1 here"):
        made(seed=1)[2].load_state_dict(states[2])


@every_method
def test_loading_masks_the_weights_at_once(method):
    model = mlp()
    state = sparse(method, model, sgd(model)).state_dict()
    other = mlp(seed=5)
    sparsity = sparse(method, other, sgd(other))
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.fill_(1.0)
    version = sparsity.version
    sparsity.load_state_dict(state)
    assert sparsity.version > version
    for name, mask in sparsity.masks.items():
        assert torch.equal(mask, state["masks"][name])
        assert torch.equal(other.get_submodule(name).weight != 0, mask)


def test_states_that_do_not_fit():
    model = mlp()
    sparsity = RigL(model, sgd(model), density=0.2)
    state = sparsity.state_dict()
    with pytest.raises(ValueError, match="the state of sparse training has masks, steps and options; this one has"):
        sparsity.load_state_dict({"model": {}})
    with pytest.raises(ValueError, match="method is 'RigL' there and 'RandomPruning' here"):
        RandomPruning(model, sgd(model), density=0.2).load_state_dict(state)
    other = mlp(sizes=(6, 7, 8, 3))
    with pytest.raises(ValueError, match="the state belongs to other layers"):
        RigL(other, sgd(other), density=0.2).load_state_dict(state)
    listed = RigL(model, sgd(model), density=0.2, exclude=("2",))
    state = listed.state_dict()
    listed.load_state_dict({**state, "options": {**state["options"], "exclude": ["2"]}})  # as JSON gives it back


@every_method
def test_gradient_accumulation_is_one_step(method):
    def run(parts):
        model = mlp()
        optimizer = sgd(model, momentum=0.9)
        sparsity = sparse(method, model, optimizer)
        for step, batch in enumerate(batches(8)):
            for part in batch.split(parts):
                (loss_of(model(part.inputs), part.targets, part.index).sum() / len(batch)).backward()
            optimizer.step()
            sparsity.step((step + 1) / 12)
            optimizer.zero_grad()
        return sparsity.masks, list(model.parameters())

    for one, other in zip(*(run(parts) for parts in (1, 4)), strict=True):
        torch.testing.assert_close(one, other)


@every_method
def test_bf16_autocast(method):
    model = mlp()
    optimizer = sgd(model)
    sparsity = sparse(method, model, optimizer)
    for step, batch in enumerate(batches(8)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
        loss.backward()
        optimizer.step()
        sparsity.step((step + 1) / 8)
        optimizer.zero_grad()
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == round(0.2 * 136)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_model_that_moves_to_another_type_takes_the_masks_along(dtype):
    model = mlp()
    sparsity = RigL(model, sgd(model), density=0.2, every=2)
    model.to(dtype)
    optimizer = sparsity.optimizer
    for step, batch in enumerate(batches(8)):
        loss_of(model(batch.inputs.to(dtype)), batch.targets, batch.index).mean().backward()
        optimizer.step()
        sparsity.step((step + 1) / 12)
        optimizer.zero_grad()
    for name, mask in sparsity.masks.items():
        assert model.get_submodule(name).weight.dtype == dtype
        assert not model.get_submodule(name).weight[~mask].any()


def test_layouts_of_memory():
    model = convnet().to(memory_format=torch.channels_last)
    sparsity = MagnitudeGradual(model, sgd(model), density=0.2, every=2)
    assert sparsity.masks["3"].is_contiguous(memory_format=torch.channels_last)
    plain = convnet()
    same = MagnitudeGradual(plain, sgd(plain), density=0.2, every=2)
    for each in (sparsity, same):
        train(each.model, each.optimizer, each, 12, shape=(1, 6, 6))
    for name, mask in sparsity.masks.items():
        assert torch.equal(mask, same.masks[name])


def test_surgery_on_a_masked_layer_is_refused():
    model = mlp()
    sparsity = RandomPruning(model, sgd(model), density=0.5)
    model[0].weight = nn.Parameter(torch.ones(4, 6))
    with pytest.raises(ValueError, match=r"layer '0' now has a weight of shape \(4, 6\), its mask one of \(8, 6\)"):
        sparsity.step(0.1)
