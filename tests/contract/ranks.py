"""Every method in a process of two, under DDP."""

import torch

from sooner.registry import methods
from tests.contract.plain import PlainLoop


def digests():
    """By "seam/name": this rank's weights after some steps, and whether they moved."""
    torch.distributed.init_process_group("gloo")
    rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
    found = {}
    for method in methods():
        if "ranks" in method.exempt:
            continue
        loop = PlainLoop([method], rank=rank, world=world)
        start = loop.weights()
        loop.train(8)
        found[f"{method.seam}/{method.name}"] = {
            "weights": loop.weights(),
            "moved": not torch.equal(start, loop.weights()),
        }
    return found
