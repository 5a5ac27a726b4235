"""Is a `Permutation` random? Each statistic gives the probability, two-sided, of a value as extreme under uniform
permutations. One below `CHANCE` is a failure: with the some 150 of this file, a true random permutation would fail
once in a million choices of the seeds. That the statistics can tell is shown on weak permutations, which must fail.
"""

from math import gcd, isqrt

import numpy as np
import pytest
import torch
from scipy import stats

from sooner.sampling import Permutation
from sooner.sampling._feistel import Feistel

CHANCE = 5e-9
CERTAIN = 1e-50
LARGE = [70_001, 10**9, 2**40 - 87, 2**62]
SEEDS = range(16)
SAMPLE = 8192


def real(n, seed):
    p = Permutation(n, seed)
    return lambda positions: p(torch.from_numpy(positions)).numpy()


def network(rounds):
    """The network alone, also at the small sizes where `Permutation` holds a table."""

    def permutation(n, seed):
        feistel = Feistel(n, seed, rounds)
        return lambda positions: feistel.forward(positions.astype(np.uint64)).astype(np.int64)

    return permutation


def affine(n, seed):
    """i -> a i + b mod n: a bijection, evenly spread, and not random."""
    draw = np.random.default_rng(seed)
    a = next(a for a in draw.integers(n // 3, n, 1000).tolist() if gcd(a, n) == 1)
    b = int(draw.integers(n))
    return lambda positions: np.array([(a * i + b) % n for i in positions.tolist()], dtype=np.int64)


def uniform(counts, expected, scale=1.0):
    """Two-sided: too even is as wrong as too uneven. `scale` corrects the statistic of a sample without replacement."""
    statistic = float(((counts - expected) ** 2 / expected).sum()) * scale
    freedom = len(counts) - 1
    return 2 * min(stats.chi2.sf(statistic, freedom), stats.chi2.cdf(statistic, freedom))


def normal(value, mean, variance):
    return 2 * stats.norm.sf(abs(value - mean) / np.sqrt(variance))


def cells(values, n, count):
    """How many of `values` in 0..n-1 fall in each of `count` cells of near-equal width; exact at any n."""
    return np.bincount([value * count // n for value in values.tolist()], minlength=count)


def sample(make, n, seed, stride=0):
    """The values at SAMPLE consecutive positions that begin somewhere, or at the positions `stride` further on."""
    start = int(np.random.default_rng([seed, 1]).integers(n - SAMPLE - 2 * isqrt(n) - 2))
    return make(n, seed)(np.arange(start + stride, start + stride + SAMPLE, dtype=np.int64))


def chunks(make, n):
    """A chunk of consecutive positions has its values spread like a random draw."""
    counts = sum(cells(sample(make, n, seed), n, 256) for seed in SEEDS)
    return uniform(counts, len(SEEDS) * SAMPLE / 256, (n - 1) / (n - SAMPLE))


def differences(make, n, stride):
    """p(i + stride) - p(i) mod n. The strides of the network's own digits are where it would show."""
    between = [(sample(make, n, seed, stride) - sample(make, n, seed)) % n for seed in SEEDS]
    return uniform(sum(cells(difference, n, 128) for difference in between), len(SEEDS) * SAMPLE / 128)


def serial_correlation(make, n):
    """Sum of (p(i) / n - 1/2) (p(i + 1) / n - 1/2): mean 0 and variance 1/144 per pair."""
    total = 0.0
    for seed in SEEDS:
        values = sample(make, n, seed) / n - 0.5
        total += float(values[:-1] @ values[1:])
    return normal(total, 0, len(SEEDS) * (SAMPLE - 1) / 144)


def displacement(make, n):
    """|p(i) - i| / n at random i: for two uniform numbers, mean 1/3 and variance 1/18."""
    total = 0.0
    for seed in SEEDS:
        positions = np.random.default_rng([seed, 2]).integers(0, n, SAMPLE)
        total += float((np.abs(make(n, seed)(positions) - positions) / n).sum())
    return normal(total, len(SEEDS) * SAMPLE / 3, len(SEEDS) * SAMPLE / 18)


def inversions(make, n):
    """Of disjoint pairs i < j, half have p(i) > p(j)."""
    inverted = 0
    for seed in SEEDS:
        values = make(n, seed)(np.sort(np.random.default_rng([seed, 3]).integers(0, n, SAMPLE)))
        inverted += int((values[: SAMPLE // 2] > values[SAMPLE // 2 :]).sum())
    return normal(inverted, len(SEEDS) * SAMPLE / 4, len(SEEDS) * SAMPLE / 8)


def descents(make, n):
    """Falls p(i) > p(i + 1) in m consecutive values: mean (m - 1) / 2, variance (m + 1) / 12 (Eulerian numbers)."""
    falls = sum(int((np.diff(sample(make, n, seed)) < 0).sum()) for seed in SEEDS)
    return normal(falls, len(SEEDS) * (SAMPLE - 1) / 2, len(SEEDS) * (SAMPLE + 1) / 12)


def between_seeds(make, n):
    """p(i) under one seed less p(i) under the next, mod n."""
    counts = sum(cells((sample(make, n, 2 * s) - _at(make, n, 2 * s)) % n, n, 128) for s in SEEDS)
    return uniform(counts, len(SEEDS) * SAMPLE / 128)


def _at(make, n, seed):
    return sample(lambda n, seed: make(n, seed + 1), n, seed)


LARGE_STATISTICS = [chunks, serial_correlation, displacement, inversions, descents, between_seeds]


@pytest.mark.parametrize("n", LARGE)
@pytest.mark.parametrize("statistic", LARGE_STATISTICS)
def test_large_sizes(statistic, n):
    assert statistic(real, n) > CHANCE


@pytest.mark.parametrize("n", LARGE)
def test_differences_of_large_sizes(n):
    columns = isqrt(n - 1) + 1
    for stride in (1, 2, columns - 1, columns, columns + 1, 2 * columns):
        assert differences(real, n, stride) > CHANCE


def whole(make, n, count):
    """(count, n): the permutations of as many seeds."""
    return np.stack([make(n, seed)(np.arange(n)) for seed in range(count)])


def fixed_points(permutations):
    """Poisson(1), to within 1/n!: how many of the permutations have 0, 1, 2, 3, 4 and more."""
    n = permutations.shape[1]
    found = np.bincount(np.minimum((permutations == np.arange(n)).sum(1), 4), minlength=5)
    expected = stats.poisson.pmf(np.arange(4), 1)
    return stats.chisquare(found, len(permutations) * np.append(expected, 1 - expected.sum())).pvalue


def all_inversions(permutations):
    """All of them, per permutation: mean n (n - 1) / 4, variance n (n - 1) (2 n + 5) / 72."""
    count, n = permutations.shape
    found = sum(int((row[:, None] > row[None, :])[np.triu_indices(n, 1)].sum()) for row in permutations)
    return normal(found, count * n * (n - 1) / 4, count * n * (n - 1) * (2 * n + 5) / 72)


def cycles(permutations):
    """Mean H_n, variance H_n - H_n^(2), H the harmonic numbers."""
    found = 0
    for row in permutations.tolist():
        seen = bytearray(len(row))
        for start in range(len(row)):
            found += not seen[start]
            while not seen[start]:
                seen[start], start = 1, row[start]
    harmonic = [float((1 / np.arange(1, permutations.shape[1] + 1) ** power).sum()) for power in (1, 2)]
    return normal(found, len(permutations) * harmonic[0], len(permutations) * (harmonic[0] - harmonic[1]))


def all_displacements(permutations):
    """Mean |p(i) - i| is (n^2 - 1) / (3 n); its variance is measured, over the permutations."""
    n = permutations.shape[1]
    each = np.abs(permutations - np.arange(n)).mean(1)
    return normal(each.mean(), (n * n - 1) / (3 * n), each.var(ddof=1) / len(each))


def all_differences(permutations, stride):
    """p(i + stride) - p(i) mod n: each of 1 to n - 1 equally often, here in up to 64 cells."""
    n = permutations.shape[1]
    found = ((permutations[:, stride:] - permutations[:, :-stride]) % n).ravel() - 1
    shares = cells(np.arange(n - 1), n - 1, min(n - 1, 64)) / (n - 1)
    return stats.chisquare(cells(found, n - 1, min(n - 1, 64)), shares * found.size).pvalue


SMALL = [(real, 60), (real, 500), (real, 5000), (network(8), 64), (network(8), 500)]


@pytest.mark.parametrize(("make", "n"), SMALL)
def test_small_sizes(make, n):
    permutations = whole(make, n, 400)
    for statistic in (fixed_points, all_displacements):
        assert statistic(permutations) > CHANCE
    for stride in (1, isqrt(n - 1) + 1, isqrt(n - 1) + 2, n // 2):
        assert all_differences(permutations[: 200_000 // n], stride) > CHANCE
    assert all_inversions(permutations[: 20_000 // n]) > CHANCE
    assert cycles(permutations[: 100_000 // n]) > CHANCE


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_all_permutations_of_a_tiny_size_are_equally_likely(n):
    drawn = whole(real, n, 3000)
    ranks = np.unique(drawn @ 10 ** np.arange(n), return_counts=True)[1]
    assert len(ranks) == [0, 1, 2, 6, 24, 120][n]
    assert stats.chisquare(ranks).pvalue > CHANCE


@pytest.mark.parametrize("n", [70_001, 10**9])
def test_a_weak_permutation_fails_for_certain(n):
    assert differences(affine, n, 1) < CERTAIN
    assert descents(affine, n) < CERTAIN


def test_too_few_rounds_fail_for_certain():
    permutations = whole(network(4), 500, 400)
    assert all_differences(permutations, isqrt(499) + 1) < CERTAIN


def test_a_weak_permutation_fails_at_small_sizes_too():
    permutations = whole(affine, 499, 400)
    assert fixed_points(permutations) < CERTAIN  # n is prime: always exactly one
    assert cycles(permutations[:200]) < CERTAIN
