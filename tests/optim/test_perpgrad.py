import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sooner.optim import PerpGrad, make


def stepped(weight, gradient, **options):
    """What is subtracted from `weight` by one step of plain descent at rate 1."""
    parameter = nn.Parameter(torch.as_tensor(weight).clone())
    parameter.grad = torch.as_tensor(gradient).clone()
    PerpGrad(torch.optim.SGD([parameter], lr=1.0), **options).step()
    assert torch.equal(parameter.grad, torch.as_tensor(gradient))
    return torch.as_tensor(weight) - parameter.detach()


def test_by_hand():
    """w = (3, 4), g = (1, 2): g . w / w . w = 11 / 25, g' = (1 - 33/25, 2 - 44/25) = (-0.32, 0.24), of length 0.4."""
    assert stepped([3.0, 4.0], [1.0, 2.0], norm="as-is").tolist() == pytest.approx([-0.32, 0.24])
    restored = stepped([3.0, 4.0], [1.0, 2.0])
    assert restored.tolist() == pytest.approx([-0.8 * 5**0.5, 0.6 * 5**0.5], rel=1e-5)


def test_it_projects_each_tensor_as_a_whole():
    weight = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(0))
    gradient = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(1))
    change = stepped(weight, gradient)
    assert float((change * weight).sum()) == pytest.approx(0.0, abs=1e-5)
    assert float(change.norm()) == pytest.approx(float(gradient.norm()), rel=1e-5)


@pytest.mark.parametrize("norm", ["restored", "as-is"])
def test_the_corners(norm):
    assert stepped([0.0, 0.0], [1.0, 2.0], norm=norm).tolist() == [1.0, 2.0]  # zero weights
    assert stepped([3.0, 4.0], [0.0, 0.0], norm=norm).tolist() == [0.0, 0.0]  # zero gradient
    assert stepped([0.1, 0.3, 0.7], [0.3, 0.9, 2.1], norm=norm).tolist() == [0.0, 0.0, 0.0]  # along the weights
    assert stepped([3.0], [2.0], norm=norm).tolist() == [2.0]  # a single value would never move
    assert stepped(3.0, 2.0, norm=norm).item() == 2.0


def test_vectors_are_left_alone_if_asked():
    assert stepped([3.0, 4.0], [1.0, 2.0], dimensions=2).tolist() == [1.0, 2.0]
    assert stepped([[3.0, 4.0]], [[1.0, 2.0]], dimensions=2)[0].tolist() != [1.0, 2.0]


def test_masked_weights_stay_where_they_are():
    assert stepped([3.0, 0.0, 4.0], [1.0, 0.0, 2.0])[1].item() == 0.0


def test_half_precision_is_projected_in_float32():
    weight = torch.full((512, 512), 0.01, dtype=torch.bfloat16)
    gradient = torch.randn(512, 512, generator=torch.Generator().manual_seed(0)).bfloat16()
    parameter = nn.Parameter(weight.clone())
    parameter.grad = gradient
    seen = []
    base = torch.optim.SGD([parameter], lr=1.0)
    base.register_step_pre_hook(lambda *_: seen.append(parameter.grad.clone()))
    PerpGrad(base).step()
    wide, w = gradient.double(), weight.double()
    expected = wide - (wide * w).sum() / (w * w).sum() * w
    expected *= wide.norm() / expected.norm()
    assert seen[0].dtype == torch.bfloat16
    torch.testing.assert_close(seen[0], expected.bfloat16(), rtol=1e-2, atol=1e-4)


def test_any_memory_layout_is_kept_and_every_dtype():
    draw = torch.Generator().manual_seed(0)
    weight, gradient = (torch.randn(4, 3, 2, 2, generator=draw) for _ in range(2))
    lasting = {"memory_format": torch.channels_last}
    plain = stepped(weight, gradient)
    torch.testing.assert_close(stepped(weight.to(**lasting), gradient.to(**lasting)), plain)
    torch.testing.assert_close(stepped(weight.to(**lasting), gradient), plain)
    torch.testing.assert_close(stepped(weight.double(), gradient.double()).float(), plain, rtol=1e-4, atol=1e-5)
    # Of complex weights the two parts together are the vector.
    parts = stepped(torch.view_as_complex(weight), torch.view_as_complex(gradient))
    torch.testing.assert_close(torch.view_as_real(parts), plain)


def test_it_steps_as_the_packages_orthograd():
    import pytorch_optimizer

    ours, theirs = (nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    inputs = torch.randn(32, 4, generator=torch.Generator().manual_seed(0))
    optimizer = PerpGrad(make("adamw", ours, lr=0.01))
    reference = pytorch_optimizer.OrthoGrad(make("adamw", theirs, lr=0.01))
    for _ in range(10):
        for net, each in ((ours, optimizer), (theirs, reference)):
            each.zero_grad()
            F.cross_entropy(net(inputs), torch.arange(32) % 3).backward()
            each.step()
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), rtol=1e-3, atol=1e-4)


def test_the_logits_do_not_run_away():
    """The claim's cause: on separable data plain Adam goes on to grow the weights, perpGrad does not."""
    inputs = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    targets = inputs.argmax(1)

    def size(wrapped):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = nn.Linear(8, 8, bias=False)
        optimizer = make("adamw", net, lr=0.05)
        optimizer = PerpGrad(optimizer, norm="as-is") if wrapped else optimizer
        sizes = []
        for step in range(1, 401):
            optimizer.zero_grad()
            F.cross_entropy(net(inputs), targets).backward()
            optimizer.step()
            if step in (100, 400):
                sizes.append(net.weight.detach().norm().item())
        return sizes[1] / sizes[0]

    assert size(False) > 1.5
    assert size(True) < 1.1


def test_bad_arguments_are_refused():
    base = make("sgd", nn.Linear(1, 1), lr=0.1)
    with pytest.raises(ValueError, match="norm must be one of restored, as-is, not 'kept'"):
        PerpGrad(base, norm="kept")
    with pytest.raises(ValueError, match="dimensions must be at least 1, not 0"):
        PerpGrad(base, dimensions=0)
