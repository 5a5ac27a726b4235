import torch
from tests.sparsity.nets import mlp, sgd
from tests.sparsity.test_rigl import one_layer, stepped

from sooner.sparsity import SET, counts


def test_the_closest_to_zero_of_each_sign_are_dropped():
    # positive 0.1, 0.3, 0.5: a share of 0.4 is one, 0.1; negative -0.2, -0.4: none. At 0.5: one and one.
    for fraction, kept in ((0.3, {0, 1, 2, 3, 4}), (0.4, {1, 2, 3, 4}), (0.5, {2, 3, 4}), (0.7, {3, 4})):
        alive = set(stepped(*one_layer(SET, fraction=fraction, seed=1), 0.5))
        assert kept <= alive
        assert len(alive) == 5


def test_growth_is_uniform_over_what_is_not_kept():
    counts = torch.zeros(10)
    for seed in range(150):
        counts[stepped(*one_layer(SET, fraction=0.7, seed=seed), 0.1)] += 1
    assert counts[3:5].tolist() == [150, 150]
    # 3 of the other 8 grow: each in 150 * 3/8 = 56.25 of the draws, with a standard deviation of 5.9
    assert (counts[[0, 1, 2, 5, 6, 7, 8, 9]] - 56.25).abs().max() < 25


def test_the_share_does_not_fall_and_gradients_are_not_looked_at():
    late = stepped(*one_layer(SET, fraction=0.7, seed=2), 0.9)
    assert late == stepped(*one_layer(SET, fraction=0.7, seed=2), 0.1, [0.0] * 10)
    assert stepped(*one_layer(SET, fraction=1.0), 0.95) == [0, 1, 2, 3, 4]


def test_its_draws_depend_on_the_step():
    def draws(seed):
        model = mlp()
        sparsity = SET(model, sgd(model), density=0.2, every=1, fraction=1.0, until=1.0, seed=seed)
        found = []
        for _ in range(3):
            sparsity.step(0.5)
            found.append(sparsity.masks["2"].tolist())
        return found

    assert draws(0) == draws(0)
    assert len({str(mask) for mask in draws(0) + draws(1)}) == 6


def test_the_default_distribution_is_the_papers():
    model = mlp()
    sparsity = SET(model, sgd(model), density=0.2)
    assert {name: int(mask.sum()) for name, mask in sparsity.masks.items()} == counts(
        {"0": (8, 6), "2": (8, 8), "4": (3, 8)}, 0.2, "er"
    )
