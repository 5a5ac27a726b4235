import math

import pytest
import torch
from tests.sparsity.nets import mlp, sgd, train
from tests.sparsity.test_rigl import GRADIENTS, one_layer, stepped

from sooner.sparsity import DSTEE, RigL


def test_without_exploration_it_is_rigl():
    def run(method, **options):
        model = mlp()
        optimizer = sgd(model)
        sparsity = method(model, optimizer, density=0.3, every=3, **options)
        train(model, optimizer, sparsity, 30)
        return sparsity.masks

    torch.testing.assert_close(run(DSTEE, c=0.0), run(RigL))


def test_the_growth_by_hand():
    """|g| + c ln(t) / (N + eps), t = 2: two periods of the five, none of the others."""
    weight, optimizer, sparsity = one_layer(DSTEE, fraction=0.0, c=10.0, eps=0.5)
    stepped(weight, optimizer, sparsity, 0.0)
    sparsity.fraction = 0.4
    expected = [abs(g) + 10 * math.log(2) / (2.5 if k < 5 else 0.5) for k, g in enumerate(GRADIENTS)]
    weight.grad = torch.tensor([GRADIENTS])
    optimizer.step()
    sparsity._steps += 1
    torch.testing.assert_close(sparsity._growth()["0"], torch.tensor([expected]))


def test_what_was_never_alive_grows_first_if_c_is_large():
    # RigL regrows 0, of gradient 9; here it has been alive once: 9 + c ln 2 / 3 against 5 + c ln 2 and 4 + c ln 2
    weight, optimizer, sparsity = one_layer(DSTEE, fraction=0.4, c=0.0)
    assert stepped(weight, optimizer, sparsity, 0.0) == [0, 2, 3, 4, 7]
    weight, optimizer, sparsity = one_layer(DSTEE, fraction=0.0, c=20.0)
    stepped(weight, optimizer, sparsity, 0.0)
    sparsity.fraction = 0.4
    assert stepped(weight, optimizer, sparsity, 0.0) == [2, 3, 4, 7, 8]


def test_it_explores_more_than_rigl():
    def explored(c):
        model = mlp(sizes=(6, 32, 32, 3))
        optimizer = sgd(model)
        sparsity = DSTEE(model, optimizer, density=0.1, every=2, c=c)
        start = sparsity.explored
        assert start == pytest.approx(sparsity.density)
        train(model, optimizer, sparsity, 60)
        return sparsity.explored

    assert explored(1.0) > explored(0.0) + 0.1
