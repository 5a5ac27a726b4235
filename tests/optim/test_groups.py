import pytest
import torch
from torch import nn

from sooner.optim import groups, make


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.batch_norm = nn.BatchNorm2d(4)
        self.layer_norm = nn.LayerNorm([4, 6, 6])
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.embedding = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.embedding.weight
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


def members(net, optimizer):
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    return [{names[id(parameter)] for parameter in group["params"]} for group in optimizer.param_groups]


@pytest.mark.parametrize("name", ["sgd", "adamw", "adagrad", "adagrad-norm", "lamb", "lars"])
def test_norms_and_biases_do_not_decay(name):
    net = Net()
    optimizer = make(name, net, lr=0.1, weight_decay=0.5)
    assert members(net, optimizer) == [
        {"conv.weight", "embedding.weight"},
        {
            "conv.bias",
            "batch_norm.weight",
            "batch_norm.bias",
            "layer_norm.weight",
            "layer_norm.bias",
            "scale",
            "head.bias",
        },
    ]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.0]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.1]


class Transformer(nn.Module):
    """The parameters of several dimensions that recipes of vision transformers spare, by their usual names."""

    def __init__(self):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, 5, 4))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.relative_position_bias_table = nn.Parameter(torch.zeros(9, 2))
        self.layer_scale = nn.Parameter(torch.ones(4, 1, 1))
        self.gamma = nn.Parameter(torch.ones(4))
        self.words = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7)
        self.head.weight = self.words.weight


@pytest.mark.parametrize("name", ["sgd", "adamw", "adagrad", "adagrad-norm", "lamb", "lars"])
def test_no_decay_names_more_that_do_not_decay(name):
    net, shaped = Transformer(), {"pos_embed", "cls_token", "relative_position_bias_table", "layer_scale"}
    plain = make(name, net, lr=0.1, weight_decay=0.5)
    assert members(net, plain) == [{*shaped, "words.weight"}, {"gamma", "head.bias"}]
    patterns = ("*_embed", "cls_token", "*relative_position*", "layer_scale*")
    optimizer = make(name, net, lr=0.1, weight_decay=0.5, no_decay=patterns)
    assert members(net, optimizer) == [{"words.weight"}, {*shaped, "gamma", "head.bias"}]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.0]


def test_what_no_decay_names_moves_by_its_gradient_alone():
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 2.0)
    optimizer = make("sgd", net, lr=0.1, weight_decay=0.5, momentum=0.0, nesterov=False, no_decay=("w*",))
    net.weight.grad = torch.ones(1, 1)
    optimizer.step()
    assert net.weight.item() == pytest.approx(1.9)


def test_lamb_scales_only_what_decays():
    optimizer = make("lamb", Transformer(), lr=0.1, weight_decay=0.5, no_decay=("pos_embed",))
    assert [group["adapt"] for group in optimizer.param_groups] == [True, False]


def test_a_shared_parameter_is_found_by_either_name():
    net = Transformer()
    for pattern in ("words.weight", "head.weight"):
        assert "words.weight" in members(net, make("sgd", net, lr=0.1, no_decay=(pattern,)))[-1]


def test_patterns_that_match_nothing_are_refused():
    with pytest.raises(ValueError, match=r"no_decay has 'bais', which matches no trainable .* are: weight, bias"):
        groups(nn.Linear(2, 2), 0.1, ("*", "bais"))
    for wrong in ("*.bias", 3, (3,)):
        with pytest.raises(TypeError, match="no_decay must be patterns of names"):
            groups(nn.Linear(2, 2), 0.1, wrong)


def test_each_trainable_parameter_is_in_one_group():
    net = Net()
    listed = [id(parameter) for group in groups(net, 0.1) for parameter in group["params"]]
    assert sorted(listed) == sorted(id(parameter) for parameter in net.parameters() if parameter.requires_grad)


def test_a_group_without_parameters_is_left_out():
    assert len(groups(nn.Linear(2, 2, bias=False), 0.1)) == 1


def test_a_frozen_model_is_refused():
    with pytest.raises(ValueError, match="no trainable parameter"):
        make("sgd", nn.Linear(1, 1).requires_grad_(False), lr=0.1)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, foreach=False)),
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01, foreach=False)),
        ("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=0.01, foreach=False)),
    ],
)
def test_the_fused_kernel_agrees_with_the_plain_loop(name, reference):
    draw = torch.Generator().manual_seed(0)
    ours, theirs = (nn.Linear(7, 5, bias=False) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer, plain = make(name, ours, lr=0.1, weight_decay=0.01), reference(theirs.parameters())
    assert optimizer.param_groups[0]["fused"]
    for _ in range(20):
        ours.weight.grad = torch.randn(5, 7, generator=draw)
        theirs.weight.grad = ours.weight.grad.clone()
        optimizer.step()
        plain.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_parameters_that_no_fused_kernel_takes_are_optimized_too():
    net = nn.ParameterList([nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))])
    optimizer = make("sgd", net, lr=0.5, momentum=0.0, nesterov=False)
    net[0].grad = torch.ones(2, 2, dtype=torch.complex64)
    optimizer.step()
    assert torch.equal(net[0].detach(), torch.full((2, 2), 0.5, dtype=torch.complex64))
