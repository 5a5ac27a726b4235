from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sooner.errors import DataError
from sooner.tasks.split import split, validation_share

counts_per_class = st.lists(st.integers(2, 60), min_size=2, max_size=8)


def targets_of(counts: list[int]) -> torch.Tensor:
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))


def test_a_case_done_by_hand() -> None:
    # 20% of 10, 5, 5: exactly 2, 1, 1.
    train, validation = split(targets_of([10, 5, 5]), 0.2, seed=3)
    assert torch.bincount(targets_of([10, 5, 5])[validation]).tolist() == [2, 1, 1]
    assert len(train) == 16


def test_remainders_go_to_the_largest() -> None:
    # 25% of 7, 6, 3 is 1.75, 1.5, 0.75 and 4 in all: 1, 1, 1 (at least one each), then the largest remainder, 0.75.
    _, validation = split(targets_of([7, 6, 3]), 0.25, seed=0)
    assert torch.bincount(targets_of([7, 6, 3])[validation]).tolist() == [2, 1, 1]


@given(counts_per_class, st.floats(0.05, 0.95), st.integers(0, 2**40))
def test_parts_are_disjoint_complete_and_of_exact_size(counts: list[int], fraction: float, seed: int) -> None:
    targets = targets_of(counts)
    train, validation = split(targets, fraction, seed)
    assert torch.equal(torch.cat([train, validation]).sort().values, torch.arange(len(targets)))
    assert train.dtype == validation.dtype == torch.int64
    assert torch.equal(train, train.sort().values)
    assert torch.equal(validation, validation.sort().values)
    classes = len(counts)
    assert len(validation) == min(max(round(fraction * len(targets)), classes), len(targets) - classes)
    for part in (train, validation):
        assert len(targets[part].unique()) == classes


@given(st.lists(st.integers(40, 90), min_size=2, max_size=6), st.floats(0.1, 0.9))
def test_shares_are_within_one_of_proportion(counts: list[int], fraction: float) -> None:
    targets = targets_of(counts)
    _, validation = split(targets, fraction, seed=1)
    exact = torch.tensor(counts) * (len(validation) / len(targets))
    assert ((torch.bincount(targets[validation]) - exact).abs() < 1 + 1e-9).all()


def test_depends_on_the_seed_and_on_nothing_global() -> None:
    targets = targets_of([50, 50])[torch.randperm(100, generator=torch.Generator().manual_seed(0))]
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one = split(targets, 0.3, seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(split(targets, 0.3, seed=5)[1], one[1])
    assert not torch.equal(split(targets, 0.3, seed=6)[1], one[1])


def test_every_row_of_a_class_is_equally_likely() -> None:
    targets = targets_of([10, 10])
    times = torch.zeros(20)
    for seed in range(600):
        times[split(targets, 0.3, seed)[1]] += 1
    # Binomial(600, 0.3): mean 180, deviation 11.2; five deviations.
    assert ((times - 180).abs() < 56).all()


def test_a_class_of_one_is_named() -> None:
    with pytest.raises(DataError, match="'bird' has 1"):
        split(torch.tensor([0, 0, 0, 1]), 0.5, 0, classes=["cat", "bird"])
    with pytest.raises(DataError, match="'1' has 1"):
        split(torch.tensor([0, 0, 0, 1]), 0.5, 0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5])
def test_fraction_must_leave_two_parts(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction must be between 0 and 1"):
        split(torch.tensor([0, 0, 1, 1]), fraction, 0)


@pytest.mark.parametrize(
    ("n", "held"), [(0, 0), (30, 10), (1437, 479), (3000, 1000), (4000, 1000), (10_000, 1000), (60_000, 6000)]
)
def test_the_validation_share_grows_as_data_shrink(n: int, held: int) -> None:
    assert round(n * validation_share(n)) == held
