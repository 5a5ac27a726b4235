import pytest
import torch
from torch import nn

from sooner.optim import Lookahead, make


def test_by_hand():
    """Plain steps of -1 each: the fast weight goes 9, 8, 7; then slow = 10 + 0.5 (7 - 10) = 8.5, and on from there."""
    weight = nn.Parameter(torch.tensor([10.0]))
    optimizer = Lookahead(torch.optim.SGD([weight], lr=1.0), k=3, alpha=0.5)
    path = []
    for _ in range(7):
        weight.grad = torch.ones(1)
        optimizer.step()
        path.append(weight.item())
    assert path == [9.0, 8.0, 8.5, 7.5, 6.5, 7.0, 6.0]
    assert optimizer.state[weight]["slow"].item() == 7.0


@pytest.mark.parametrize("rules", [[(2, 0.5), (3, 0.25)], [(2, 0.5), (2, 0.5)], [(3, 0.5), (1, 0.25), (2, 0.75)]])
def test_each_of_several_around_each_other_has_slow_weights_of_its_own(rules):
    """Plain steps of -1, then the meetings that are due, the innermost first, in numbers by hand."""
    weight = nn.Parameter(torch.tensor([10.0]))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    for k, alpha in rules:
        optimizer = Lookahead(optimizer, k, alpha)
    fast, slows = 10.0, [10.0] * len(rules)
    for step in range(1, 13):
        weight.grad = torch.ones(1)
        optimizer.step()
        fast -= 1
        for at, (k, alpha) in enumerate(rules):
            if step % k == 0:
                fast = slows[at] = slows[at] + alpha * (fast - slows[at])
        assert weight.item() == pytest.approx(fast)
    names = ["slow", "slow_2", "slow_3"][: len(rules)]
    assert [optimizer.state[weight][name].item() for name in names] == pytest.approx(slows)


@pytest.mark.parametrize("base", ["sgd", "adamw"])
def test_it_steps_as_the_packages_lookahead(base):
    import pytorch_optimizer

    ours, theirs = (nn.Linear(4, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer = Lookahead(make(base, ours, lr=0.1), k=5, alpha=0.8)
    reference = pytorch_optimizer.Lookahead(make(base, theirs, lr=0.1), k=5, alpha=0.8)
    draw = torch.Generator().manual_seed(0)
    for _ in range(23):
        for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            parameter.grad = torch.randn(parameter.shape, generator=draw)
            other.grad = parameter.grad.clone()
        optimizer.step()
        reference.step()
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict())


def test_a_parameter_without_a_gradient_begins_when_it_has_one():
    first, late = nn.Parameter(torch.tensor([10.0])), nn.Parameter(torch.tensor([10.0]))
    optimizer = Lookahead(torch.optim.AdamW([first, late], lr=1.0, weight_decay=0.0), k=2)
    first.grad = torch.ones(1)
    optimizer.step()
    assert "slow" not in optimizer.state[late]
    late.grad = torch.ones(1)
    optimizer.step()
    assert first.item() == pytest.approx(9.0)
    assert late.item() == pytest.approx(9.5)


def test_noise_is_averaged_down():
    """Zhang et al. (2019), section 3.1: on a noisy quadratic the variance at the end is lower than of SGD alone."""

    def spread(wrapped):
        draw = torch.Generator().manual_seed(0)
        weights = nn.Parameter(torch.zeros(2000))
        optimizer = torch.optim.SGD([weights], lr=0.5)
        optimizer = Lookahead(optimizer, k=5, alpha=0.5) if wrapped else optimizer
        for _ in range(200):
            weights.grad = weights.detach() + torch.randn(2000, generator=draw)
            optimizer.step()
        return weights.detach().var().item()

    plain = 0.5**2 / (1 - 0.5**2)  # of lr^2 / (1 - (1 - lr)^2)
    assert spread(False) == pytest.approx(plain, rel=0.1)
    # Fast weights at a meeting: a = (1 - lr)^5, v = alpha^2 plain (1 - a^2) / (1 - (1 - alpha + alpha a)^2).
    a = 0.5**5
    expected = 0.25 * plain * (1 - a**2) / (1 - (0.5 + 0.5 * a) ** 2)
    assert spread(True) == pytest.approx(expected, rel=0.1)
    assert expected < 0.4 * plain


@pytest.mark.parametrize(
    ("options", "message"),
    [({"k": 0}, "k must be at least 1, not 0"), ({"alpha": 0.0}, "alpha must be above 0 and at most 1, not 0.0")],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Lookahead(make("sgd", nn.Linear(1, 1), lr=0.1), **options)
