"""Every method on a model that two processes share out among them (FSDP2), beside the same under DDP."""

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard

from sooner.averaging import EMA
from sooner.optim import Lookahead, SeveralPasses, lamb, sgd
from sooner.registry import get, methods
from sooner.sampling import GraB
from sooner.sampling.gradients import per_example_gradients
from sooner.sparsity import RandomPruning
from tests.contract.plain import IMAGES, TARGETS, PlainLoop, cross_entropy

STEPS = {"sampling": 10, "averaging": 10, "optim": 5}  # a round has 8, and lookahead looks back after 5


def outcomes():
    """By "seam/name": the greatest difference of the weights, or how it was refused; and the same of other cases."""
    torch.distributed.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (2,))

    def shard(model):
        for module in (model.features[1], model.features[3], model):
            fully_shard(module, mesh=mesh)

    found = {f"{each.seam}/{each.name}": outcome(each, shard) for each in methods() if "ranks" not in each.exempt}
    for name in ("structure/precropping", "batching/ghost-batch-norm"):
        found[f"{name}, then sharded"] = outcome(get(*name.split("/")), shard, first=False)
    found["batch norm shared out with its block"] = outcome(
        get("batching", "ghost-batch-norm"), lambda model: fully_shard(model, mesh=mesh)
    )
    return found | {name: refusal(case, shard) for name, case in OTHERS.items()}


def outcome(method, shard, first=True):
    rank = torch.distributed.get_rank()
    beside = trained([method], rank)
    try:
        weights = trained([method], rank, shard=shard, first=first)
    except Exception as error:  # which one it is is the test's to judge
        return f"{type(error).__name__}: {error}"
    return float((weights - beside).abs().max()) if weights.shape == beside.shape else "other shapes"


def trained(chosen, rank, **options):
    """The weights to evaluate, and those that training left, after some steps with an evaluation in between."""
    make = chosen[0].make
    several = isinstance(make, type) and issubclass(make, SeveralPasses)
    last = 2 if several else STEPS.get(chosen[0].seam, 3)  # what rounding differs by grows in each pass
    loop = PlainLoop(chosen, rank=rank, world=2, steps=last, **options)
    start = loop.weights()
    loop.train(last - 1)
    loop.mean_loss()
    loop.train(last)
    averaged, loop.averaging = loop.weights(), None
    assert start.shape != averaged.shape or not torch.equal(start, averaged)
    return torch.cat([averaged, loop.weights()])


def refusal(case, shard):
    try:
        case(nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10)), lambda model: fully_shard(model))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def pass_over(model, optimizer):
    cross_entropy(model(IMAGES[:4].flatten(1)), TARGETS[:4], None).mean().backward()
    optimizer.step()


def gradients_in_parts(model, shard):
    shard(model)
    pass_over(model, sgd(model, lr=0.1))
    sampler = GraB(64, 4).shard(torch.distributed.get_rank(), 2)
    index = next(iter(sampler))
    sampler.observe_gradient(index, model[0].bias.grad)


def gradients_of_each(model, shard):
    shard(model)
    per_example_gradients(model, lambda outputs, targets: outputs.sum(), IMAGES[:4].flatten(1), TARGETS[:4])


def masked_before(model, shard):
    optimizer = sgd(model, lr=0.1)
    masks = RandomPruning(model, optimizer, density=0.5)
    shard(model)
    masks.step(0.5)


def averaged_before(model, shard):
    average = EMA(model)
    average.step(0.1)
    shard(model)
    average.step(0.2)


def mean_of_whole_weights(model, shard):
    average = EMA(model)
    average.step(0.1)
    shard(model)
    EMA(model).load_state_dict(average.state_dict())


def unknown_to_lookahead(model, shard):
    """Not refused: the fused kernel is left when the parameters are sharded later, as Accelerate does it."""
    optimizer = Lookahead(sgd(model, lr=0.1), k=1)
    before = list(model.parameters())
    shard(model)
    now = dict(zip(before, model.parameters(), strict=True))
    for group in optimizer.param_groups:
        group["params"] = [now[parameter] for parameter in group["params"]]
    pass_over(model, optimizer)


def flattened_for_an_optimizer(model, shard):
    lamb(FullyShardedDataParallel(model, device_id=torch.device("cpu")), lr=0.1)


def flattened_for_a_mean(model, shard):
    EMA(FullyShardedDataParallel(model, device_id=torch.device("cpu")))


def flattened_for_masks(model, shard):
    optimizer = sgd(model, lr=0.1)
    RandomPruning(FullyShardedDataParallel(model, device_id=torch.device("cpu")), optimizer, density=0.5)


OTHERS = {
    case.__name__: case
    for case in (
        gradients_in_parts,
        gradients_of_each,
        masked_before,
        averaged_before,
        mean_of_whole_weights,
        unknown_to_lookahead,
        flattened_for_an_optimizer,
        flattened_for_a_mean,
        flattened_for_masks,
    )
}
