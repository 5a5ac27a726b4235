import pytest
import torch
from tests.sparsity.nets import batches, loss_of, mlp, sgd, train, with_weights

from sooner.sparsity import RandomPruning, RigL

WEIGHTS = [0.1, -0.2, 0.3, -0.4, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
GRADIENTS = [-9.0, 0.0, 6.0, 6.0, 6.0, 1.0, -2.0, 5.0, -4.0, 3.0]


def one_layer(method=RigL, **options):
    """One layer of ten weights, the first five alive, and what a step with these gradients makes of it."""
    model = with_weights([[1.0] * 10])
    optimizer = sgd(model, lr=1e-9, momentum=0.5)
    sparsity = method(model, optimizer, density=0.5, every=1, **options)
    state = sparsity.state_dict()
    state["masks"] = {"0": torch.tensor([[True] * 5 + [False] * 5])}
    sparsity.load_state_dict(state)
    model[0].weight.data = torch.tensor([WEIGHTS])
    return model[0].weight, optimizer, sparsity


def stepped(weight, optimizer, sparsity, progress, gradients=GRADIENTS):
    weight.grad = torch.tensor([gradients])
    optimizer.step()
    sparsity.step(progress)
    return sparsity.masks["0"].nonzero()[:, 1].tolist()


@pytest.mark.parametrize(
    ("fraction", "alive"),
    [
        (0.0, [0, 1, 2, 3, 4]),
        (0.2, [0, 1, 2, 3, 4]),  # 0 is dropped, and has the largest gradient of what is not kept
        (0.4, [0, 2, 3, 4, 7]),  # 0 and 1 are dropped; 0 and 7 grow
        (0.5, [0, 2, 3, 4, 7]),  # 2.5 weights are 2
        (0.6, [0, 3, 4, 7, 8]),
        (0.8, [0, 4, 7, 8, 9]),  # 2 and 3 have been dropped and grow no more: 6 < 9, but more than 5
        (1.0, [0, 2, 3, 4, 7]),
    ],
)
def test_drop_and_grow_by_hand(fraction, alive):
    weight, optimizer, sparsity = one_layer(fraction=fraction)
    gradients = [-9.0, 0.0, 6.0, 6.0, 6.0, 1.0, -2.0, 5.0, -4.0, 3.0] if fraction == 1.0 else [
        -9.0, 0.0, 0.0, 0.0, 6.0, 1.0, -2.0, 5.0, -4.0, 3.0
    ]  # fmt: skip
    assert stepped(weight, optimizer, sparsity, 0.0, gradients) == alive
    # Kept weights, and those dropped and grown at once, stay; new ones start at 0, as do their momenta.
    old = torch.tensor(WEIGHTS)
    expected = torch.where(torch.isin(torch.arange(10), torch.tensor(alive)), old, 0.0)
    torch.testing.assert_close(weight.detach()[0], expected, atol=1e-7, rtol=0)
    momentum = optimizer.state[weight]["momentum_buffer"][0]
    for position in range(10):
        assert float(momentum[position]) == (gradients[position] if position in alive and position < 5 else 0.0)


def test_the_share_falls_by_a_cosine():
    # at half of `until` the share is half of `fraction`: 0.8 / 2 of 5 is 2; at two thirds a quarter: 1
    assert stepped(*one_layer(fraction=0.8), 0.375) == [0, 2, 3, 4, 7]
    sparsity = one_layer(fraction=0.8)
    assert stepped(*sparsity, 0.5, [0.0] * 5 + [1.0, -2.0, 5.0, -4.0, 3.0]) == [1, 2, 3, 4, 7]
    assert stepped(*one_layer(fraction=1.0), 0.75) == [0, 1, 2, 3, 4]  # until 0.75, not after
    assert stepped(*one_layer(fraction=1.0, until=0.8), 0.75, GRADIENTS) != []


def test_gradients_of_the_dead_do_not_reach_the_optimizer():
    weight, optimizer, sparsity = one_layer(fraction=0.4)
    stepped(weight, optimizer, sparsity, 0.8)
    assert optimizer.state[weight]["momentum_buffer"].tolist() == [GRADIENTS[:5] + [0.0] * 5]


def test_masks_change_every_so_many_steps_until_the_end():
    model = mlp()
    optimizer = sgd(model)
    sparsity = RigL(model, optimizer, density=0.3, every=4, until=0.75)
    changed = []
    version = sparsity.version

    def note(step):
        nonlocal version
        if sparsity.version != version:
            version = sparsity.version
            changed.append(step + 1)

    train(model, optimizer, sparsity, 24, after=note)
    assert changed == [4, 8, 12, 16]  # at step 18 three quarters are over


def test_counts_of_layers_stay():
    model = mlp()
    optimizer = sgd(model)
    sparsity = RigL(model, optimizer, density=0.3, every=1, fraction=0.5)
    before = sparsity.densities
    train(model, optimizer, sparsity, 20)
    assert sparsity.densities == before


def test_it_finds_the_inputs_that_matter():
    """Of 40 inputs 4 carry the class: the masks that move come to look at these more than fixed ones do."""

    def looked_at(method, **options):
        shares = []
        for seed in range(3):
            model = mlp(seed, sizes=(40, 16, 4))
            optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
            sparsity = method(model, optimizer, density=0.1, exclude=("2",), seed=seed, **options)
            data = batches(16, size=64, shape=(40,), classes=4, seed=seed)
            for step in range(100):
                batch = data[step % 16]
                loss_of(model(batch.inputs), batch.targets, batch.index).mean().backward()
                optimizer.step()
                sparsity.step((step + 1) / 100)
                optimizer.zero_grad()
            mask = sparsity.masks["0"]
            shares.append(float(mask[:, :4].sum() / mask.sum()))
        return sum(shares) / 3

    assert looked_at(RandomPruning) < 0.2
    assert looked_at(RigL, every=5, fraction=0.5) > 0.35
