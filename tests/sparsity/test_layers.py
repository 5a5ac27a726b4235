import pytest
import torch
from tests.sparsity.nets import convnet, mlp, sgd
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from sooner.sparsity import RandomPruning
from sooner.sparsity._layers import chain


def masked(model, **options):
    return list(RandomPruning(model, sgd(model), density=0.5, **options).masks)


def test_linear_and_convolutional_layers_of_every_kind_and_nothing_else():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 4)
            self.convs = nn.ModuleList(
                [nn.Conv1d(2, 2, 3), nn.Conv2d(2, 2, 3), nn.Conv3d(2, 2, 3), nn.ConvTranspose2d(2, 2, 3)]
            )
            self.norm = nn.LayerNorm(4)
            self.head = nn.Linear(4, 3)

    assert masked(Net()) == ["convs.0", "convs.1", "convs.2", "convs.3", "head"]
    model = nn.Linear(4, 3)
    assert masked(model) == [""]
    assert (model.bias != 0).all()


def test_frozen_weights_are_left_alone():
    model = mlp()
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    assert masked(model) == ["2", "4"]
    assert torch.equal(model[0].weight, before)


def test_a_shared_weight_is_masked_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(6, 6)
            self.second = nn.Linear(6, 6)
            self.third = nn.Linear(6, 6)
            self.second.weight = self.first.weight
            self.again = self.third

    model = Tied()
    sparsity = RandomPruning(model, sgd(model), density=0.5)
    assert list(sparsity.masks) == ["first", "third"]
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == 36  # of 72, not of 108
    assert masked(Tied(), exclude=("second",)) == ["third"]
    assert masked(Tied(), exclude=("again",)) == ["first"]


def test_excluded_layers_and_what_is_around_them():
    assert masked(mlp(), exclude=("2",)) == ["0", "4"]
    nested = nn.Sequential(mlp(), mlp())
    assert masked(nested, exclude=("0",)) == ["1.0", "1.2", "1.4"]


def test_a_parametrised_weight_is_refused_or_excluded():
    model = mlp()
    weight_norm(model[2])
    with pytest.raises(
        ValueError, match=r"the weight of layer '2' is computed from other tensors.*add the layer to excl"
    ):
        masked(model)
    assert masked(model, exclude=("2",)) == ["0", "4"]


def test_errors():
    with pytest.raises(ValueError, match=r"exclude names 'haed', and no .* layer is called so; the closest are 'head'"):
        masked(nn.ModuleDict({"head": nn.Linear(3, 3), "body": nn.Linear(3, 3)}), exclude=("haed",))
    with pytest.raises(TypeError, match="exclude must be a tuple of the names of layers, not 'head'"):
        masked(mlp(), exclude="head")
    with pytest.raises(ValueError, match="no linear or convolutional layer with a weight that is trained"):
        masked(nn.Sequential(nn.BatchNorm1d(3)))
    with pytest.raises(ValueError, match="layer '0' has no weight yet: pass one batch"):
        RandomPruning(nn.Sequential(nn.LazyLinear(3)), torch.optim.SGD([nn.Parameter(torch.ones(1))]), density=0.5)
    model = mlp()
    with pytest.raises(ValueError, match="the optimizer does not train the weights of 0, 4: give it"):
        RandomPruning(model, torch.optim.SGD(model[2].parameters()), density=0.5)


def test_wrappers_are_looked_through():
    model = convnet()
    compiled = nn.Module()
    compiled._orig_mod = model  # as what `torch.compile` returns has it; to make one takes seconds
    sparsity = RandomPruning(nn.DataParallel(compiled), sgd(model), density=0.5)
    assert list(sparsity.masks) == ["0", "3", "8"]
    assert sparsity.model is model


def test_the_chain_of_optimizers():
    inner = sgd(mlp())

    class Wrapper(torch.optim.Optimizer):
        def __init__(self, optimizer):
            super().__init__(optimizer.param_groups, {})
            self.optimizer = optimizer

    outer = Wrapper(Wrapper(inner))
    assert chain(outer) == [outer, outer.optimizer, inner]
    assert chain(inner) == [inner]
