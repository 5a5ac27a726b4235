import pytest
import torch
from torch import nn

from sooner.optim import make, set_lr


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.head = nn.Linear(4, 7)
        self.head.weight = self.embedding.weight


def moved_by(net, **options):
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    made = make("muon", net, lr=0.1, **options)
    listed = {True: set(), False: set()}
    for group in made.param_groups:
        listed[group["use_muon"]] |= {names[id(parameter)] for parameter in group["params"]}
    assert listed[True] | listed[False] == {n for n, p in net.named_parameters() if p.requires_grad}
    return listed[True]


def convolutional():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 6, 3), nn.Flatten(), nn.Linear(6, 2))


def test_the_first_and_the_last_weight_are_not_hidden():
    assert moved_by(convolutional()) == {"2.weight"}


def test_embeddings_stand_for_the_first_weight_and_a_tied_one_for_the_last():
    assert moved_by(Tied()) == {"one.weight", "two.weight"}
    assert moved_by(nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4), nn.Linear(4, 2))) == {"1.weight"}


def test_others_names_what_is_not_hidden():
    assert moved_by(convolutional(), others=("4.*",)) == {"0.weight", "2.weight"}
    with pytest.raises(ValueError, match=r"others has 'head\*', which matches no weight; there are: 0.weight"):
        moved_by(convolutional(), others=("head*",))


def test_a_model_without_hidden_weights_is_refused():
    with pytest.raises(ValueError, match="this model's 2 none is left"):
        make("muon", nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), lr=0.1)


def test_the_step_of_a_filter_bank_is_nearly_orthogonal():
    """Filters (8, 4, 3, 3) are a matrix of 8 rows and 36 columns: no factor sqrt(rows / columns). The singular values
    of the published iteration end between 0.68 and 1.13 (Jordan et al., 2024)."""
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3), nn.Linear(8, 2))
    optimizer = make("muon", net, lr=1.0, weight_decay=0.25)
    before = net[1].weight.detach().clone()
    net[1].weight.grad = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    optimizer.step()
    step = (0.75 * before - net[1].weight.detach()).reshape(8, 36)
    singular = torch.linalg.svdvals(step)
    assert singular.min() > 0.6
    assert singular.max() < 1.3
    left, _, right = torch.linalg.svd(net[1].weight.grad.reshape(8, 36), full_matrices=False)
    assert ((left @ right) * step).sum() / step.norm() / 8**0.5 > 0.95  # near the closest orthogonal matrix


def test_a_tall_matrix_steps_further():
    net = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 64, bias=False), nn.Linear(64, 2))
    optimizer = make("muon", net, lr=1.0)
    before = net[1].weight.detach().clone()
    net[1].weight.grad = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    optimizer.step()
    singular = torch.linalg.svdvals(before - net[1].weight.detach())
    assert singular.mean() == pytest.approx(4.0, rel=0.2)  # sqrt(64 / 4)


def test_momentum_by_hand():
    """Gradients along two orthogonal directions: the second step shows how much of the first is left in each."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, bias=False), nn.Linear(2, 2))
    optimizer = make("muon", net, lr=1.0, momentum=0.5, nesterov=False)
    net[1].weight.grad = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    optimizer.step()
    net[1].weight.grad = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    optimizer.step()
    buffer = optimizer.state[net[1].weight]["momentum_buffer"]
    torch.testing.assert_close(buffer, torch.tensor([[0.25, 0.0], [0.0, 0.5]]))


def test_everything_else_moves_as_adamw():
    net = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 2), nn.Linear(2, 1))
    nn.init.constant_(net[0].weight, 2.0)
    nn.init.constant_(net[0].bias, 2.0)
    optimizer = make("muon", net, lr=1.0, adamw_lr=0.1, adamw_weight_decay=0.5)
    net[0].weight.grad, net[0].bias.grad = torch.tensor([[3.0], [-3.0]]), torch.tensor([3.0, -3.0])
    optimizer.step()
    assert net[0].weight.flatten().tolist() == pytest.approx([1.9 - 0.1, 1.9 + 0.1])
    assert net[0].bias.tolist() == pytest.approx([1.9, 2.1])


def test_each_part_keeps_its_own_rate():
    optimizer = make("muon", convolutional(), lr=0.2, adamw_lr=0.01)
    set_lr(optimizer, 0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.005, 0.005]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adamw_lr": 0.0}, "adamw_lr must be finite and above 0"),
        ({"adamw_weight_decay": -0.1}, "adamw_weight_decay must be at least 0"),
        ({"newton_schulz_steps": 0}, "newton_schulz_steps must be at least 1"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make("muon", convolutional(), lr=0.1, **options)
