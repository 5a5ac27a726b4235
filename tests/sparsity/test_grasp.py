import pytest
import torch
from tests.sparsity.nets import batches, loss_of, mlp, sgd
from torch import nn
from torch.func import functional_call

from sooner.sparsity import GraSP, grasp_scores

NAMES = ("0", "2", "4")


def by_hessian(model, data, temperature):
    """-w (H g) from the whole Hessian of the mean loss by all weights."""
    weights = {name: model.get_submodule(name).weight.detach() for name in NAMES}
    sizes = [weight.numel() for weight in weights.values()]

    def loss(flat):
        parts = flat.split(sizes)
        values = {
            f"{name}.weight": part.view(weight.shape)
            for (name, weight), part in zip(weights.items(), parts, strict=True)
        }
        losses = [loss_of(functional_call(model, values, b.inputs) / temperature, b.targets, None) for b in data]
        return torch.cat(losses).mean()

    flat = torch.cat([weight.flatten() for weight in weights.values()])
    gradient = torch.autograd.functional.jacobian(loss, flat)
    hessian = torch.autograd.functional.hessian(loss, flat)
    return -flat * (hessian @ gradient), loss, flat


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_scores_are_minus_theta_hg(temperature):
    model, data = mlp(sizes=(4, 5, 4, 3)).double(), batches(3, size=8, shape=(4,))
    data = [type(b)(b.inputs.double(), b.targets, b.index, b.weight) for b in data]
    expected, _, _ = by_hessian(model, data, temperature)
    scores = grasp_scores(model, {n: model.get_submodule(n).weight for n in NAMES}, data, loss_of, temperature)
    torch.testing.assert_close(torch.cat([score.flatten() for score in scores.values()]), expected)


def test_the_sign_is_that_of_the_gradients_norm():
    """A little less of a weight of high score makes the gradient larger: half of S per unit of its share."""
    model, data = mlp(sizes=(4, 5, 4, 3)).double(), batches(3, size=8, shape=(4,))
    data = [type(b)(b.inputs.double(), b.targets, b.index, b.weight) for b in data]
    scores, loss, flat = by_hessian(model, data, 1.0)

    def norm(at):
        return torch.autograd.functional.jacobian(loss, at).square().sum()

    for position in (int(scores.argmax()), int(scores.argmin())):
        shrunk = flat.clone()
        shrunk[position] *= 1 - 1e-5
        assert float((norm(shrunk) - norm(flat)) / 2e-5) == pytest.approx(float(scores[position]), rel=1e-2)


def test_the_lowest_of_all_layers_live():
    model, data = mlp(), batches(2)
    scores = grasp_scores(model, {name: model.get_submodule(name).weight for name in NAMES}, data, loss_of)
    sparsity = GraSP(model, sgd(model), density=0.2, batches=data, loss=loss_of)
    flat = torch.cat([score.flatten() for score in scores.values()])
    masks = torch.cat([mask.flatten() for mask in sparsity.masks.values()])
    assert int(masks.sum()) == 27
    assert flat[masks].max() <= flat[~masks].min()


def test_attention_and_batch_norm_are_differentiated_twice():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(6, 8)
            self.norm = nn.BatchNorm1d(8)
            self.head = nn.Linear(8, 3)

        def forward(self, inputs):
            heads = self.norm(self.inner(inputs)).view(-1, 1, 4, 2)
            return self.head(nn.functional.scaled_dot_product_attention(heads, heads, heads).flatten(1))

    model = Net()
    sparsity = GraSP(model, sgd(model), density=0.2, batches=batches(), loss=loss_of)
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == round(0.2 * 72)


def test_errors():
    model = mlp()
    with pytest.raises(ValueError, match=r"temperature must be at least 0.001, not 0"):
        GraSP(model, sgd(model), density=0.2, batches=batches(), loss=loss_of, temperature=0)
    with pytest.raises(ValueError, match="grasp scores weights on training examples"):
        GraSP(model, sgd(model), density=0.2, batches=[], loss=loss_of)
