import pytest
import torch
from tests.sparsity.nets import batches, convnet, loss_of, mlp, sgd, with_weights
from torch.func import functional_call

from sooner.sparsity import SNIP, snip_scores


def test_scores_are_the_papers_derivative_by_c_at_one():
    model, data = mlp(), batches(3, size=8)

    def loss(c):
        weights = {f"{name}.weight": c[name] * model.get_submodule(name).weight for name in c}
        outputs = [functional_call(model, weights, batch.inputs) for batch in data]
        losses = [loss_of(out, batch.targets, None) for out, batch in zip(outputs, data, strict=True)]
        return torch.cat(losses).mean()

    ones = {name: torch.ones_like(model.get_submodule(name).weight, requires_grad=True) for name in ("0", "2", "4")}
    derivative = torch.autograd.grad(loss(ones), list(ones.values()))
    scores = snip_scores(model, {name: model.get_submodule(name).weight for name in ones}, data, loss_of)
    for name, expected in zip(ones, derivative, strict=True):
        torch.testing.assert_close(scores[name], expected.abs())


def test_the_highest_of_all_layers_live():
    model, data = convnet(), batches(2, size=8, shape=(1, 6, 6))
    weights = {name: model.get_submodule(name).weight for name in ("0", "3", "8")}
    scores = snip_scores(model, weights, data, loss_of)
    sparsity = SNIP(model, sgd(model), density=0.1, batches=data, loss=loss_of)
    flat = torch.cat([score.flatten() for score in scores.values()])
    masks = torch.cat([mask.flatten() for mask in sparsity.masks.values()])
    assert int(masks.sum()) == 32
    assert flat[masks].min() >= flat[~masks].max()


def test_only_so_many_examples_are_taken():
    def masks(given, **options):
        model = mlp()
        return SNIP(model, sgd(model), density=0.2, batches=given, loss=loss_of, **options).masks

    data = batches(4, size=16)
    whole = masks(data, examples=40)
    cut = [*data[:2], data[2].select(torch.arange(8), torch.ones(8))]
    torch.testing.assert_close(masks(cut), whole)
    endless = iter(lambda: data[0], None)
    torch.testing.assert_close(masks(endless, examples=20), masks([data[0], *[next(data[0].split(4))]]))
    assert any(
        not torch.equal(one, other) for one, other in zip(whole.values(), masks(data, examples=4).values(), strict=True)
    )


def test_a_layer_without_influence_keeps_one_weight():
    model = with_weights([[1.0, 2.0]] * 3, [[1.0, -1.0, 1.0]] * 2)
    loss = lambda outputs, targets, index: 0 * outputs.sum(1)
    sparsity = SNIP(model, sgd(model), density=0.5, batches=batches(1, shape=(2,), classes=2), loss=loss)
    assert [int(mask.sum()) for mask in sparsity.masks.values()] == [5, 1]


def test_errors():
    model = mlp()
    with pytest.raises(ValueError, match="snip scores weights on training examples: give it batches"):
        SNIP(model, sgd(model), density=0.2, batches=None, loss=loss_of)
    with pytest.raises(ValueError, match="scores of weights need loss, a function"):
        SNIP(model, sgd(model), density=0.2, batches=batches(), loss=None)
    with pytest.raises(ValueError, match=r"one number per example, shape \(16,\), not \(\)"):
        SNIP(model, sgd(model), density=0.2, batches=batches(), loss=lambda *given: loss_of(*given).mean())
    with pytest.raises(ValueError, match="snip: the scores of layer '0' are not finite"):
        SNIP(model, sgd(model), density=0.2, batches=batches(), loss=lambda *given: loss_of(*given) * float("nan"))
    with pytest.raises(ValueError, match="examples must be at least 1, not 0"):
        SNIP(model, sgd(model), density=0.2, batches=batches(), loss=loss_of, examples=0)
