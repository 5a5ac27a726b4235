"""Two real processes under DDP: the same masks, which are those of one process on all of the data."""

import torch
from tests.integrations.processes import in_two_processes
from tests.sparsity.nets import batches, loss_of, mlp, sgd
from torch.nn.parallel import DistributedDataParallel

from sooner.sparsity import make


def trained(name, parts):
    """Masks and weights after 12 steps, where this process sees part `rank` of every batch; alone, all of it."""
    rank = 0
    model = mlp()
    if parts > 1:
        torch.distributed.init_process_group("gloo")
        rank = torch.distributed.get_rank()
        module = DistributedDataParallel(model)
    else:
        module = model
    optimizer = sgd(model, momentum=0.9)
    sparsity = make(name, module, optimizer, density=0.3, every=3, seed=5)
    first = sparsity.masks
    for step, batch in enumerate(batches(12)):
        part = list(batch.split(parts))[rank]
        loss_of(module(part.inputs), part.targets, part.index).mean().backward()
        optimizer.step()
        sparsity.step((step + 1) / 12)
        optimizer.zero_grad()
    return {
        "masks": sparsity.masks,
        "first": first,
        "weights": [parameter.detach() for parameter in model.parameters()],
    }


def test_rigl_in_two_processes(tmp_path):
    one, other = in_two_processes(trained, tmp_path, "rigl", 2)
    alone = trained("rigl", 1)
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    torch.testing.assert_close(one["masks"], alone["masks"])
    torch.testing.assert_close(one["weights"], alone["weights"])
    assert any(not torch.equal(alone["masks"][name], alone["first"][name]) for name in alone["masks"])
