import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

from sooner.structure import StructureError, groups, remove
from sooner.tasks.models import build
from tests.structure.nets import Residual, Small, images, seeded


def places(group):
    return {(part.tensor, part.dim): part.index.tolist() for part in group.parts}


def test_a_small_net_by_hand():
    found = groups(Small(), torch.zeros(2, 1, 2, 2))
    assert list(found) == ["conv1", "conv2"]
    single = [[0], [1], [2]]
    norm = {(f"norm.{name}", 0): single for name in ("weight", "bias", "running_mean", "running_var")}
    assert places(found["conv1"]) == {
        ("conv1.weight", 0): single,
        ("conv1.bias", 0): single,
        **norm,
        ("conv2.weight", 1): single,
    }
    assert places(found["conv2"]) == {  # a channel of 2x2 pixels is four neighbouring columns
        ("conv2.weight", 0): [[0], [1]],
        ("conv2.bias", 0): [[0], [1]],
        ("head.weight", 1): [[0, 1, 2, 3], [4, 5, 6, 7]],
    }
    assert [(group.name, group.channels, group.reason) for group in found.fixed] == [
        ("inputs", 1, "the model's input"),
        ("head", 2, "the model's output"),
    ]


def test_residual_sums_depthwise_and_concatenation_by_hand():
    found = groups(Residual(), images())
    assert list(found) == ["stem", "conv1", "side"]
    stem = places(found["stem"])  # six channels; the depthwise convolution makes two of each
    assert stem["conv2.weight", 0] == [[0], [1], [2], [3], [4], [5]]
    assert stem["depthwise.weight", 0] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]
    assert stem["gate.weight", 0] == stem["gate.weight", 1] == stem["slope.weight", 0] == stem["depthwise.weight", 0]
    assert stem["head.weight", 1][5] == [*range(40, 48)]  # channels 10 and 11, of 2x2 pixels
    assert stem["norm.num_features", 0] == stem["depthwise.weight", 0]
    assert places(found["side"])["gate.weight", 0] == [[12], [13], [14], [15]]


def test_option_a_shortcuts_by_hand():
    found = groups(build("resnet20", (1, 8, 8), 10, seed=0), images(1, 1))
    widths = {name: group.channels for name, group in found.items() if "conv1" not in name}
    assert widths == {"stem": 16, "blocks.3.conv2": 16, "blocks.6.conv2": 32}  # of 16, 32 and 64
    assert places(found["blocks.3.conv2"])["blocks.3.missing", 0] == [[n] for n in range(16)]
    assert places(found["blocks.6.conv2"])["head.weight", 1] == [[n] for n in range(32, 64)]
    assert places(found["stem"])["head.weight", 1] == [[n] for n in range(16)]


@pytest.mark.parametrize("name", ["mlp", "convnet-16", "resnet20", "resnet18", "wrn-16-4"])
def test_of_our_own_models_all_but_inputs_and_classes_can_be_removed(name):
    found = groups(build(name, (3, 8, 8), 10, seed=0), images(1))
    assert [group.reason for group in found.fixed] == ["the model's input", "the model's output"]


def test_it_says_what_is_touched_and_what_is_not():
    text = str(groups(Small(), torch.zeros(2, 1, 2, 2)))
    assert "conv1: 3 channels, made by conv1; taken by conv2; with norm" in text
    assert "head: 2 channels, made by head; because: the model's output" in text


def test_nothing_changes_in_the_model_nor_in_the_global_generators():
    model = seeded(build, "resnet20", (3, 8, 8), 10, seed=0)
    model.blocks[0].eval()
    modes, values = [m.training for m in model.modules()], copy.deepcopy(model.state_dict())
    before = torch.get_rng_state()
    groups(model, images())
    assert torch.equal(torch.get_rng_state(), before)
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())
    assert model.blocks[3].missing == 16


class Between(nn.Module):
    """Two linear layers with an operation between; the channels of the first are kept where it is not known."""

    def __init__(self, between, layer=None):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 6, 3, padding=1)
        self.layer = layer
        self.scale = nn.Parameter(torch.ones(8, 1, 1))
        self.head = nn.Linear(6, 2)
        self.between = between

    def forward(self, x):
        return self.head(F.relu(self.second(self.between(self, self.first(x)))).amax((2, 3)))


UNKNOWN = {
    "einsum": (lambda net, x: torch.einsum("bchw->bchw", x), "not known what torch.einsum in the model's own forward"),
    "sizes": (lambda net, x: x.view(-1, 4, 2, 8, 8).flatten(1, 2), "view in the model's own forward gives fixed sizes"),
    "sliced": (lambda net, x: torch.cat([x[:, 4:], x[:, :4]], 1), "picks channels by number"),
    "softmax": (lambda net, x: x.softmax(1), "not known what softmax"),
    "mixed": (lambda net, x: x + x.mean(1, keepdim=True), "mean in the model's own forward mixes channels"),
    "counted": (lambda net, x: x / x.shape[1], "reads the number of channels"),
    "parameter": (lambda net, x: x * net.scale, "a tensor in which they are not known"),
    "keyword": (lambda net, x: torch.add(input=x, other=x), "takes a tensor by keyword"),
    "own weight": (lambda net, x: x + net.first.weight.sum(), "uses 'first.weight' in another way"),
    "padded": (lambda net, x: F.pad(x[:, :, :, :], (0, 0, 0, 0, -1, 1)), "cuts or repeats channels"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_channels_stay_where_an_operation_is_not_known_and_the_rest_can_go(case):
    between, reason = UNKNOWN[case]
    model = Between(between)
    found = groups(model, images())
    assert list(found) == ["second"]
    assert reason in next(group.reason for group in found.fixed if group.name == "first")
    with pytest.raises(StructureError, match=r"no channel of 'first' can be removed"):
        remove(model, found, {"first": [0]})
    remove(model, found, {"second": [1, 2]})
    assert model(images()).shape == (6, 2)


LAYERS = {
    "group norm": (nn.GroupNorm(2, 8), "'layer' normalises channels together"),
    "grouped": (nn.Conv2d(8, 8, 3, padding=1, groups=4), r"'layer' is a grouped convolution \(groups=4\)"),
    "shuffle": (nn.ChannelShuffle(2), "'layer' is a ChannelShuffle, of which it is not known"),
    "parametrized": (nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 1)), "'layer' is a ParametrizedConv2d"),
    "masked": (prune.l1_unstructured(nn.Conv2d(8, 8, 1), "weight", 3), "'layer' has a weight that is comp"),
}


@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_that_is_not_known_is_named(case):
    layer, reason = LAYERS[case]
    model = Between(lambda net, x: net.layer(x), layer)
    found = groups(model, images())
    assert list(found) == ["second"]
    with pytest.raises(StructureError, match=f"no channel of 'first' can be removed: {reason}"):
        remove(model, found, {"first": [0]})


def test_a_model_that_cannot_be_traced_is_refused_with_the_place():
    class Branching(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(StructureError, match=r"Sequential cannot be traced, it stops in '1': .*control flow"):
        groups(nn.Sequential(nn.Linear(3, 4), Branching(), nn.Linear(4, 2)), torch.zeros(2, 3))


def test_branches_of_both_modes_are_followed():
    class Auxiliary(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head, self.side = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, x):
            x = self.body(x)
            return (self.head(x), self.side(x)) if self.training else self.head(x)

    model = Auxiliary()
    found = groups(model, torch.zeros(2, 3))
    assert ("side.weight", 1) in places(found["body"])
    remove(model, found, {"body": [0, 3]})
    assert model(torch.zeros(2, 3))[1].shape == (2, 2)


def test_bad_arguments():
    with pytest.raises(StructureError, match=r"wrapped in DataParallel.*model\.module.*wrap that again"):
        groups(nn.DataParallel(Small()), torch.zeros(1, 1, 2, 2))
    with pytest.raises(TypeError, match=r"inputs must be an example batch.*not of shape \(3,\)"):
        groups(Small(), torch.zeros(3))
    with pytest.raises(
        StructureError, match=r"Small does not run on the example inputs of shape \(1, 5, 2, 2\); in 'conv1'"
    ):
        groups(Small(), torch.zeros(1, 5, 2, 2))
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, not str"):
        groups("net", torch.zeros(1, 3))


def test_groups_can_be_pickled():
    found = groups(Small(), torch.zeros(2, 1, 2, 2))
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found)
    model = Small()
    remove(model, again, {"conv1": [0]})
    assert model.conv2.in_channels == 1
