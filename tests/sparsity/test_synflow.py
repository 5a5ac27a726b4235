import itertools

import pytest
import torch
from tests.sparsity.nets import batches, convnet, loss_of, mlp, sgd, with_weights
from torch import nn

import sooner
from sooner.random import isolated
from sooner.sparsity import SynFlow, snip_scores, synflow_scores
from sooner.sparsity._ranking import top


def weights_of(model, *names):
    return {name: model.get_submodule(name).weight for name in names}


def test_scores_by_hand():
    # R = 1^T |W2| |W1| 1, W1 = [[1, -2], [3, 0]], W2 = [[-4, 5]]: rows of W1 sum to 3 and 3, R = 4*3 + 5*3 = 27
    model = with_weights([[1.0, -2.0], [3.0, 0.0]], [[-4.0, 5.0]])
    scores = synflow_scores(model, weights_of(model, "0", "1"), (2,))
    assert scores["0"].tolist() == [[4.0, 8.0], [15.0, 0.0]]
    assert scores["1"].tolist() == [[12.0, 15.0]]


def test_the_flow_is_conserved_from_layer_to_layer():
    """Through biases, ReLU, norms of any state and evaluation or training mode: each layer's scores add up to R."""
    model = convnet()
    with torch.no_grad(), isolated(0, "norms"):
        for norm in (model[1], model[4]):
            norm.weight.normal_()
            norm.bias.normal_()
            norm.running_mean.normal_()
            norm.running_var.uniform_()
        model[8].bias.normal_()
    scores = synflow_scores(model, weights_of(model, "0", "3", "8"), (1, 6, 6))
    total = scores["8"].sum()
    assert float(scores["0"].sum()) == pytest.approx(float(total))
    assert float(scores["3"].sum()) == pytest.approx(float(total))

    plain = nn.Sequential(*(nn.Identity() if isinstance(part, nn.BatchNorm2d) else part for part in model))
    values = {
        name: weight.detach().abs().double().requires_grad_()
        for name, weight in weights_of(model, "0", "3", "8").items()
    }
    hidden = nn.functional.conv2d(torch.ones(1, 1, 6, 6).double(), values["0"], padding=1)
    hidden = plain[6](nn.functional.conv2d(hidden, values["3"], padding=1)).flatten(1)
    flow = (hidden @ values["8"].T).sum()
    for name, derivative in zip(values, torch.autograd.grad(flow, list(values.values())), strict=True):
        torch.testing.assert_close(scores[name], (derivative * values[name]).detach())


def deep(seed=0):
    with isolated(seed, "deep"):
        sizes = [16, 64, 8, 64, 4, 64, 3]
        return nn.Sequential(*(nn.Linear(a, b) for a, b in itertools.pairwise(sizes)))


def test_rounds_keep_layers_that_one_round_would_empty():
    """At 1% of the weights the best scores of a single round leave layers with nothing; 100 rounds leave every one."""
    model = deep()
    names = [str(k) for k in range(6)]
    scores = synflow_scores(model, weights_of(model, *names), (16,))
    total = sum(score.numel() for score in scores.values())
    kept = round(0.01 * total)
    alone = top(torch.cat([score.flatten() for score in scores.values()]), kept)
    at_once = [int(part.sum()) for part in alone.split([score.numel() for score in scores.values()])]
    assert 0 in at_once
    data = batches(1, shape=(16,))
    snip = torch.cat(
        [score.flatten() for score in snip_scores(model, weights_of(model, *names), data, loss_of).values()]
    )
    assert 0 in [int(part.sum()) for part in top(snip, kept).split([score.numel() for score in scores.values()])]

    before = [parameter.clone() for parameter in model.parameters()]
    sparsity = SynFlow(model, sgd(model), density=0.01, batches=data)
    counts = [int(mask.sum()) for mask in sparsity.masks.values()]
    assert sum(counts) == kept
    assert min(counts) >= 1
    # What lives is one connected net: each live weight has flow through it.
    again = synflow_scores(model, weights_of(model, *names), (16,))
    assert all(again[name][mask].min() > 0 for name, mask in sparsity.masks.items())
    for name, mask in sparsity.masks.items():
        assert torch.equal(model.get_submodule(name).weight, before[2 * int(name)] * mask)


def test_the_first_round_is_the_score_itself():
    model = mlp()
    scores = synflow_scores(model, weights_of(model, "0", "2", "4"), (6,))
    flat = torch.cat([score.flatten() for score in scores.values()])
    sparsity = SynFlow(model, sgd(model), density=0.6, batches=batches(), rounds=1)
    masks = torch.cat([mask.flatten() for mask in sparsity.masks.values()])
    assert int(masks.sum()) == 82
    assert flat[masks].min() >= flat[~masks].max()


def test_data_and_loss_play_no_part():
    def masks(scale):
        model = mlp()
        data = [sooner.Batch(b.inputs * scale, b.targets, b.index, b.weight) for b in batches()]
        return SynFlow(model, sgd(model), density=0.2, batches=data, rounds=5).masks

    torch.testing.assert_close(masks(1.0), masks(float("nan")))


def test_errors():
    model = mlp()
    for given in (None, [], [sooner.Batch(torch.ones(4, 6).long(), *[torch.arange(4)] * 2, torch.ones(4))]):
        with pytest.raises(ValueError, match="synflow sends ones through the model and takes their shape from batches"):
            SynFlow(model, sgd(model), density=0.2, batches=given)
    with pytest.raises(ValueError, match="rounds must be at least 1, not 0"):
        SynFlow(model, sgd(model), density=0.2, batches=batches(), rounds=0)
    with torch.no_grad():
        model[0].weight.fill_(float("inf"))
    with pytest.raises(ValueError, match=r"synflow: the scores of layer '.' are not finite"):
        SynFlow(model, sgd(model), density=0.2, batches=batches())
