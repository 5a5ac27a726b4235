import pytest
import torch
from tests.sparsity.nets import mlp, sgd, train, with_weights

from sooner.sparsity import GraNet


def run(steps=32, **options):
    model = mlp()
    optimizer = sgd(model)
    sparsity = GraNet(model, optimizer, **{"density": 0.1, "every": 4, **options})
    live = [round(sparsity.density * 136)]
    train(model, optimizer, sparsity, steps, after=lambda step: live.append(round(sparsity.density * 136)))
    return sparsity, live


@pytest.mark.parametrize("first", [1.0, 0.5])
def test_the_density_falls_along_the_cubic_to_the_exact_count(first):
    sparsity, live = run(start_density=first, until=0.75)
    for step in range(33):
        progress = (step // 4 * 4) / 32
        left = max(0.0, 1 - progress / 0.75)
        assert live[step] == round((0.1 + (first - 0.1) * left**3) * 136)
    assert live[-1] == 14
    assert all(mask.any() for mask in sparsity.masks.values())


def test_the_last_pruning_waits_for_no_period():
    _, live = run(until=0.45, start_density=0.5, every=10)  # crossed at step 15
    assert live[14] == round((0.1 + 0.4 * (1 - 10 / 32 / 0.45) ** 3) * 136) > 14
    assert live[15:] == [14] * 18


def test_sparse_to_sparse_starts_from_the_distribution():
    model = mlp()
    sparsity = GraNet(model, sgd(model), density=0.1, start_density=0.5, distribution="uniform")
    assert sparsity.densities == {"0": 0.5, "2": 0.5, "4": 0.5}


def two_layers(**options):
    """Two layers of four weights, all alive but the last of the second, at density 7/8 on the way to 4/8."""
    model = with_weights([[1.0], [1.0], [1.0], [1.0]], [[1.0] * 4])
    optimizer = sgd(model, lr=1e-9)
    sparsity = GraNet(model, optimizer, density=0.5, start_density=0.875, every=1, until=0.5, **options)
    state = sparsity.state_dict()
    state["masks"] = {"0": torch.ones(4, 1, dtype=torch.bool), "1": torch.tensor([[True, True, True, False]])}
    sparsity.load_state_dict(state)
    model[0].weight.data = torch.tensor([[1.0], [-2.0], [3.0], [0.1]])
    model[1].weight.data = torch.tensor([[0.2, -0.3, 0.4, 0.0]])
    model[0].weight.grad = torch.tensor([[0.0], [0.0], [0.0], [9.0]])
    model[1].weight.grad = torch.tensor([[5.0, -6.0, 0.0, 7.0]])
    return model, optimizer, sparsity


def alive(sparsity):
    return [mask.flatten().int().tolist() for mask in sparsity.masks.values()]


def test_pruning_is_global_and_each_layer_then_exchanges_by_hand():
    # At progress 0.5 the density is 0.5: of magnitudes 1, 2, 3, 0.1 and 0.2, 0.3, 0.4 the largest four live.
    model, optimizer, sparsity = two_layers(fraction=0.0)
    optimizer.step()
    sparsity.step(0.5)
    assert alive(sparsity) == [[1, 1, 1, 0], [0, 0, 1, 0]]
    # With share 1/2 at progress 0.5 of 1.0: of three live weights one is dropped, of magnitude 1, and the one of
    # gradient 9 grows; of one live weight none is.
    model, optimizer, sparsity = two_layers(fraction=1.0)
    optimizer.step()
    sparsity.step(0.5)
    assert alive(sparsity) == [[0, 1, 1, 1], [0, 0, 1, 0]]
    torch.testing.assert_close(model[0].weight.data, torch.tensor([[0.0], [-2.0], [3.0], [0.0]]))
    # Earlier, at 0.25, the density is 0.5 + 0.375/8, 4.375 of 8 weights, and so 4; the share is (1 + cos(pi/4)) / 2:
    # of three live weights two are dropped, 1 and 2, and grow those of gradient 9 and, of equal ones, the first.
    model, optimizer, sparsity = two_layers(fraction=1.0)
    optimizer.step()
    sparsity.step(0.25)
    assert alive(sparsity) == [[1, 0, 1, 1], [0, 0, 1, 0]]


def test_regrowth_goes_on_after_pruning_has_ended():
    changed = []
    model = mlp()
    optimizer = sgd(model)
    sparsity = GraNet(model, optimizer, density=0.2, every=4, until=0.5, regrow_until=0.9)
    version = sparsity.version

    def note(step):
        nonlocal version
        if sparsity.version > version:
            changed.append(step + 1)
        version = sparsity.version

    train(model, optimizer, sparsity, 32, after=note)
    assert changed == [4, 8, 12, 16, 20, 24, 28]


def test_bad_arguments():
    model = mlp()
    with pytest.raises(ValueError, match=r"start_density must be at least density, 0.5, not 0.2"):
        GraNet(model, sgd(model), density=0.5, start_density=0.2)
    with pytest.raises(ValueError, match=r"regrow_until must be at least until, 0.6875, not 0.5"):
        GraNet(model, sgd(model), density=0.5, regrow_until=0.5)
