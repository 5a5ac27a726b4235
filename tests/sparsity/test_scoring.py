"""Making masks leaves no trace: whatever it takes to score weights, only the weights are changed."""

import random

import numpy as np
import torch
from tests.sparsity.nets import batches, convnet, every_method, loss_of, sgd
from torch import nn

from sooner.sparsity import make


@every_method
def test_making_it_leaves_no_trace_but_the_masks(method):
    model = nn.Sequential(convnet(), nn.Dropout(0.5))
    model[0][1].eval()
    (model(torch.randn(4, 1, 6, 6, generator=torch.Generator())).sum()).backward()
    buffers = [buffer.clone() for buffer in model.buffers()]
    grads = [parameter.grad.clone() for parameter in model.parameters()]
    modes = [module.training for module in model.modules()]
    biases = [parameter.clone() for name, parameter in model.named_parameters() if parameter.ndim == 1]
    weights = [parameter.clone() for name, parameter in model.named_parameters() if parameter.ndim > 1]

    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    sparsity = make(
        method.name, model, sgd(model), batches=batches(shape=(1, 6, 6)), loss=loss_of, seed=1, **method.example
    )
    assert states() == before
    assert all(map(torch.equal, buffers, model.buffers()))
    assert all(map(torch.equal, grads, (parameter.grad for parameter in model.parameters())))
    assert modes == [module.training for module in model.modules()]
    assert all(map(torch.equal, biases, (p for p in model.parameters() if p.ndim == 1)))
    for name, mask in sparsity.masks.items():
        assert torch.equal(model.get_submodule(name).weight, weights.pop(0) * mask)


@every_method
def test_it_does_not_depend_on_global_random_state(method):
    def masks(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(convnet(), nn.Dropout(0.5))
        optimizer = sgd(model)
        sparsity = make(method.name, model, optimizer, batches=batches(shape=(1, 6, 6)), loss=loss_of, **method.example)
        return [mask.tolist() for mask in sparsity.masks.values()]

    assert masks(1) == masks(2)
