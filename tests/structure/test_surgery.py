import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sooner import optim
from sooner.structure import StructureError, groups, remove
from sooner.tasks.models import build
from tests.structure.nets import Residual, Small, images, kept, seeded, train, unmade, untaken

PIXELS = torch.randn(6, 1, 2, 2, generator=torch.Generator().manual_seed(0))
MODELS = ["mlp", "convnet-16", "resnet20", "resnet18", "wrn-16-4"]


def close(one, other):
    return (one - other).abs().max() <= 1e-5 * other.abs().max().clamp_min(1)


def test_a_small_net_by_hand():
    model = seeded(Small)
    whole = copy.deepcopy(model)
    remove(model, groups(model, PIXELS), {"conv1": [2, 0], "conv2": [1]})
    assert torch.equal(model.conv1.weight, whole.conv1.weight[[0, 2]])
    assert torch.equal(model.conv1.bias, whole.conv1.bias[[0, 2]])
    assert torch.equal(model.norm.running_var, whole.norm.running_var[[0, 2]])
    assert torch.equal(model.conv2.weight, whole.conv2.weight[1:, [0, 2]])
    assert torch.equal(model.head.weight, whole.head.weight[:, 4:])
    assert torch.equal(model.head.bias, whole.head.bias)
    assert (model.conv1.out_channels, model.norm.num_features, model.conv2.in_channels) == (2, 2, 2)
    assert (model.conv2.out_channels, model.head.in_features, model.head.out_features) == (1, 4, 2)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_those_of_the_model_with_the_channels_zeroed(name):
    model, inputs = build(name, (3, 8, 8), 10, seed=0), images()
    train(model, optim.adamw(model, lr=1e-3), inputs, 2)  # norms with scales, shifts and statistics of their own
    found = groups(model, inputs)
    keep = kept(found)
    others = [untaken(model, found, keep), unmade(model, found, keep)]
    left = remove(model, found, keep)
    for training in (False, True):
        outputs = model.train(training)(inputs)
        for other in others:
            assert close(outputs, other.train(training)(inputs))
    assert all(group.channels == len(keep[name]) for name, group in left.items())


@pytest.mark.parametrize("training", [False, True])
def test_sums_depthwise_convolutions_concatenation_and_gates(training):
    model, inputs = seeded(Residual), images()
    found = groups(model, inputs)
    keep = kept(found)
    other = untaken(model, found, keep)
    remove(model, found, keep)
    assert close(model.train(training)(inputs), other.train(training)(inputs))
    assert (model.depthwise.groups, model.depthwise.in_channels, model.depthwise.out_channels) == (3, 3, 6)
    assert (model.norm.num_features, model.slope.num_parameters, model.head.in_features) == (8, 8, 32)


def test_a_shared_weight_is_cut_once_and_stays_shared():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 2))
    model[4].weight = model[2].weight
    inputs = images(8, 1, 1).reshape(8, 1)[:, [0, 0, 0]]
    found = groups(model, inputs)
    assert list(found) == ["0"]  # the outputs of both are the same rows as their inputs
    keep = {"0": torch.tensor([1, 3])}
    other = untaken(model, found, keep)
    remove(model, found, keep)
    assert model[4].weight is model[2].weight
    assert model[4].weight.shape == (2, 2)
    assert (model[4].in_features, model[4].out_features) == (2, 2)
    assert close(model(inputs), other(inputs))


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_the_optimizer_goes_on(name):
    model, inputs = build("resnet20", (3, 8, 8), 10, seed=0), images()
    optimizer = optim.make(name, model, lr=1e-3, weight_decay=1e-2)
    train(model, optimizer, inputs, 2)
    lists = [group["params"] for group in optimizer.param_groups]
    members = [list(group["params"]) for group in optimizer.param_groups]
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
    states = dict(optimizer.state)
    remove(model, found := groups(model, inputs), kept(found), optimizer)
    assert all(group["params"] is one for group, one in zip(optimizer.param_groups, lists, strict=True))
    assert all(p is q for one, other in zip(lists, members, strict=True) for p, q in zip(one, other, strict=True))
    assert [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups] == options
    assert sorted(map(id, model.parameters())) == sorted(id(p) for one in lists for p in one)
    for parameter in model.parameters():
        assert optimizer.state[parameter] is states[parameter]
        for key, value in optimizer.state[parameter].items():
            assert value.shape == (() if key == "step" else parameter.shape)
            assert key != "step" or value == 2
    before = [parameter.clone() for parameter in model.parameters()]
    train(model, optimizer, inputs)
    assert all((p != q).any() for p, q in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("make", [lambda p: torch.optim.SGD(p, 0.1, momentum=0.9), lambda p: torch.optim.AdamW(p, 0.1)])
def test_state_and_gradients_are_those_of_the_same_channels(make):
    model = seeded(Small)
    optimizer = make(model.parameters())
    train(model, optimizer, PIXELS, 2)
    gradient = model.conv2.weight.grad.clone()
    before = {key: value.clone() for key, value in optimizer.state[model.conv2.weight].items()}
    remove(model, groups(model, PIXELS), {"conv1": [0, 2], "conv2": [1]}, optimizer)
    assert torch.equal(model.conv2.weight.grad, gradient[1:, [0, 2]])
    for key, value in optimizer.state[model.conv2.weight].items():
        assert torch.equal(value, before[key] if key == "step" else before[key][1:, [0, 2]])


def test_a_step_after_is_the_step_of_the_zeroed_model():
    model, inputs = seeded(Small).eval(), PIXELS
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    train(model, optimizer, inputs, 2)
    found = groups(model, inputs)
    keep = {"conv1": torch.tensor([0, 2])}
    whole, whole_optimizer = copy.deepcopy((model, optimizer))
    whole.conv2.weight.data[:, 1] = 0
    remove(model, found, keep, optimizer)
    train(model, optimizer, inputs)
    train(whole, whole_optimizer, inputs)
    assert close(model.conv1.weight, whole.conv1.weight[[0, 2]])
    assert close(model.conv2.weight, whole.conv2.weight[:, [0, 2]])
    assert close(model.head.weight, whole.head.weight)


def test_a_loss_that_is_still_there_and_hooks_do_not_matter():
    model, seen = seeded(Small), []
    model.conv2.weight.register_hook(lambda gradient: seen.append(tuple(gradient.shape)))
    loss = model(PIXELS).sum()
    loss.backward()
    remove(model, groups(model, PIXELS), {"conv1": [0], "conv2": [1]})
    model(PIXELS).sum().backward()
    assert seen == [(2, 3, 1, 1), (1, 1, 1, 1)]
    del loss


def test_an_optimizer_inside_another_is_carried_too():
    class Wrapper(torch.optim.SGD):
        def __init__(self, inner):
            super().__init__(inner.param_groups[0]["params"], lr=0.1, momentum=0.9)
            self.inner = inner

    model = seeded(Small)
    inner = torch.optim.Adam(model.parameters())
    train(model, inner, PIXELS)
    remove(model, groups(model, PIXELS), {"conv1": [0]}, Wrapper(inner))
    assert inner.state[model.conv1.weight]["exp_avg"].shape == (1, 1, 1, 1)


def test_state_that_cannot_be_cut_is_refused_and_nothing_has_changed():
    model = seeded(Small)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    train(model, optimizer, PIXELS)
    for value, what in ((torch.eye(3), r"shape \(3, 3\)"), ([torch.ones(3)], "a list"), ({"a": 1}, "a dict")):
        optimizer.state[model.conv2.weight]["root"] = value
        with pytest.raises(StructureError, match=rf"the optimizer's state 'root' of 'conv2\.weight' is {what}"):
            remove(model, groups(model, PIXELS), {"conv1": [0]}, optimizer)
        assert model.conv1.weight.shape[0] == model.conv1.out_channels == 3
    del optimizer.state[model.conv2.weight]["root"]
    train(model, optimizer, PIXELS)


def test_moments_that_are_sums_over_a_dimension_are_cut_along_the_others():
    model = seeded(Small)
    optimizer = torch.optim.Adafactor(model.parameters())
    train(model, optimizer, PIXELS)
    before = {key: value.clone() for key, value in optimizer.state[model.head.weight].items()}
    remove(model, groups(model, PIXELS), {"conv2": [1]}, optimizer)
    after = optimizer.state[model.head.weight]
    assert torch.equal(after["row_var"], before["row_var"])
    assert torch.equal(after["col_var"], before["col_var"][:, 4:])
    train(model, optimizer, PIXELS)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_the_memory_format_stays(size, form):
    pixels = (8 - 2 * (size - 1)) ** 2
    model = nn.Sequential(nn.Conv2d(3, 8, size), nn.Conv2d(8, 4, size), nn.Flatten(), nn.Linear(4 * pixels, 2))
    model.to(memory_format=form)
    weight = model[1].weight
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    train(model, optimizer, images())
    remove(model, groups(model, images()), {"0": [1, 4, 5]}, optimizer)
    expected = torch.empty(4, 3, size, size, memory_format=form).stride()
    assert weight.stride() == optimizer.state[weight]["momentum_buffer"].stride() == expected


def test_what_is_left_is_what_the_smaller_model_has():
    model, inputs = build("resnet20", (3, 8, 8), 10, seed=0), images()
    found = groups(model, inputs)
    left = remove(model, found, kept(found, 0.7))
    again = groups(model, inputs)
    for one, other in zip((*left.removable, *left.fixed), (*again.removable, *again.fixed), strict=True):
        assert (one.name, one.channels) == (other.name, other.channels)
        for mine, theirs in zip(one.parts, other.parts, strict=True):
            assert (mine.tensor, mine.dim, mine.shape) == (theirs.tensor, theirs.dim, theirs.shape)
            assert torch.equal(mine.index, theirs.index)
    assert model.blocks[3].missing == left["blocks.3.conv2"].channels == 11
    remove(model, left, kept(left))
    assert model(inputs).shape == (6, 10)


def test_copies_and_pickles_of_a_smaller_model():
    model, inputs = build("resnet20", (3, 8, 8), 10, seed=0), images()
    optimizer = optim.adamw(model, lr=1e-3)
    train(model, optimizer, inputs)
    remove(model, found := groups(model, inputs), kept(found), optimizer)
    for again, its in (copy.deepcopy((model, optimizer)), pickle.loads(pickle.dumps((model, optimizer)))):
        assert torch.equal(again.eval()(inputs), model.eval()(inputs))
        train(again, its, inputs)


def test_a_compiled_shell_is_looked_into():
    class Shell(nn.Module):
        def __init__(self, model):
            super().__init__()
            self._orig_mod = model

    model = seeded(Small)
    remove(Shell(model), groups(Shell(model), PIXELS), {"conv1": [0]})
    assert model.conv1.out_channels == 1


def test_frozen_parameters_are_cut_and_stay_frozen():
    model = seeded(Small).requires_grad_(False)
    remove(model, groups(model, PIXELS), {"conv1": [0]})
    assert model.conv1.weight.shape[0] == 1
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_bad_arguments():
    model = seeded(Small)
    found = groups(model, PIXELS)
    with pytest.raises(StructureError, match="no channel of 'head' can be removed: the model's output"):
        remove(model, found, {"head": [0]})
    with pytest.raises(StructureError, match="there is no group 'conv3'; channels can be removed from: conv1, conv2"):
        remove(model, found, {"conv3": [0]})
    for positions in ([], [0, 0], [3], [-1]):
        with pytest.raises(ValueError, match=r"keep\['conv1'\] must be at least one of the 3 positions 0 to 2"):
            remove(model, found, {"conv1": positions})
    remove(model, found, {"conv1": [0, 1]})
    with pytest.raises(
        StructureError, match=r"'conv1\.weight' has the shape \(3, 1, 1, 1\), but it has the shape \(2,"
    ):
        remove(model, found, {"conv1": [0]})
    with pytest.raises(StructureError, match="but it is not in this model"):
        remove(nn.Linear(3, 2), found, {"conv1": [0]})


def test_a_gradient_flows_after_pruning_to_one_channel_each():
    model, inputs = build("convnet-16", (3, 8, 8), 10, seed=0), images()
    found = groups(model, inputs)
    remove(model, found, {name: [0] for name in found})
    F.cross_entropy(model(inputs), torch.zeros(6, dtype=torch.int64)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
