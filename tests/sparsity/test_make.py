import pytest
from tests.sparsity.nets import batches, loss_of, mlp, sgd

from sooner.sparsity import SNIP, RigL, make


def test_by_name():
    model = mlp()
    optimizer = sgd(model)
    made = make("rigl", model, optimizer, seed=3, density=0.2, every=7)
    assert isinstance(made, RigL)
    assert (made.seed, made.every, made.model, made.optimizer) == (3, 7, model, optimizer)
    made = make("snip", model, optimizer, batches=batches(), loss=loss_of, density=0.2)
    assert isinstance(made, SNIP)


def test_errors():
    model = mlp()
    with pytest.raises(KeyError, match="no sparsity method is named 'riggle'; there are: dst-ee, granet, grasp"):
        make("riggle", model, sgd(model), density=0.2)
    with pytest.raises(TypeError, match="rigl needs the option density; its options are: density, distribution"):
        make("rigl", model, sgd(model))
