import itertools

import pytest
from tests.sparsity.nets import mlp, sgd, train, with_weights

from sooner.sparsity import MagnitudeGradual, RandomPruning, counts


def run(after=lambda sparsity, step: None, steps=32, **options):
    model = mlp()
    optimizer = sgd(model)
    sparsity = MagnitudeGradual(model, optimizer, **{"density": 0.1, "every": 4, **options})
    train(model, optimizer, sparsity, steps, after=lambda step: after(sparsity, step + 1))
    return sparsity


@pytest.mark.parametrize("distribution", ["uniform", "global", "erk", "er"])
def test_the_density_falls_along_the_cubic_to_the_exact_count(distribution):
    live = {0: 136}

    def note(sparsity, step):
        live[step] = round(sparsity.density * 136)
        if distribution != "global":
            wanted = counts({"0": (8, 6), "2": (8, 8), "4": (3, 8)}, live[step] / 136, distribution)
            found = {name: int(mask.sum()) for name, mask in sparsity.masks.items()}
            assert all(abs(found[name] - count) <= 1 for name, count in wanted.items())

    run(note, distribution=distribution, start=0.25, until=0.75)
    for step, count in live.items():
        left = 1 - min(max((step // 4 * 4) / 32 - 0.25, 0) / 0.5, 1)
        assert count == round((0.1 + 0.9 * left**3) * 136)


def test_the_smallest_go_and_do_not_come_back():
    previous = None

    def note(sparsity, step):
        nonlocal previous
        if previous is not None:
            for name, mask in sparsity.masks.items():
                assert not (mask & ~previous[name]).any()
        previous = sparsity.masks

    run(note, distribution="global")
    model = with_weights([[3.0, -0.1, 2.0, 0.5]], [[0.2], [-0.3], [0.4], [9.0]])
    for distribution, alive in (("uniform", [[1, 0, 1, 0], [0, 0, 1, 1]]), ("global", [[1, 0, 1, 1], [0, 0, 0, 1]])):
        weights = [layer.weight.data.clone() for layer in model]
        sparsity = MagnitudeGradual(model, sgd(model), density=0.5, distribution=distribution, every=1)
        sparsity.step(0.75)
        assert [mask.flatten().int().tolist() for mask in sparsity.masks.values()] == alive
        for layer, weight in zip(model, weights, strict=True):
            layer.weight.data = weight


def test_the_last_pruning_waits_for_no_period():
    live = [136]
    run(lambda sparsity, step: live.append(round(sparsity.density * 136)), until=0.45, every=10)  # crossed at step 15
    assert live[14] == round((0.1 + 0.9 * (1 - 10 / 32 / 0.45) ** 3) * 136) > 14
    assert live[15:] == [14] * 18


def test_a_run_of_one_period_ends_at_the_density():
    model = mlp()
    optimizer = sgd(model)
    sparsity = MagnitudeGradual(model, optimizer, density=0.1, until=1.0)
    train(model, optimizer, sparsity, 10)
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == 14


def test_bad_arguments():
    model = mlp()
    with pytest.raises(ValueError, match=r"start must be at least 0 and below 0.5, not 0.5"):
        MagnitudeGradual(model, sgd(model), density=0.1, start=0.5, until=0.5)
    with pytest.raises(ValueError, match="distribution must be one of"):
        MagnitudeGradual(model, sgd(model), density=0.1, distribution="globally")


def test_matched_as_many_die_at_each_step_but_random_ones():
    def densities(**options):
        live, masks = [], []
        run(lambda sparsity, step: (live.append(sparsity.density), masks.append(sparsity.masks)), **options)
        return live, masks

    by_size, _ = densities(distribution="erk", until=0.5)
    at_random, masks = densities(distribution="erk", until=0.5, matched=True, seed=3)
    assert at_random == by_size
    for before, after in itertools.pairwise(masks):
        assert not any((mask & ~before[name]).sum() > 1 for name, mask in after.items())  # but for ERK's rounding
    model = mlp()
    fixed = RandomPruning(model, sgd(model), density=0.1, seed=3)
    assert all(mask.equal(fixed.masks[name]) for name, mask in masks[-1].items())
    with pytest.raises(ValueError, match='not "global"'):
        run(distribution="global", matched=True)
