import pytest
import torch

from sooner.augmentation import AlternatingFlip
from sooner.random import generator


def orientations(index, epoch, seed=0):
    """Which of these examples are mirrored, bool (B,)."""
    inputs = torch.tensor([0.0, 1.0]).expand(len(index), 1, 1, 2)
    outputs = AlternatingFlip(seed=seed)(inputs, 0.0, generator(0), index=index, epoch=epoch)
    return outputs[:, 0, 0, 0] == 1


ALL = torch.arange(20_000)


def test_every_pass_mirrors_those_that_the_one_before_did_not():
    passes = [orientations(ALL, epoch) for epoch in range(4)]
    assert torch.equal(passes[1], ~passes[0])
    assert torch.equal(passes[2], passes[0])
    assert torch.equal(passes[3], passes[1])


@pytest.mark.parametrize("seed", [0, 1, 2**40, -5])
def test_the_first_pass_mirrors_half_as_if_at_random(seed):
    mirrored = orientations(ALL, 0, seed).double()
    deviation = 0.5 / len(ALL) ** 0.5  # of a share, if it were random
    assert abs(mirrored.mean() - 0.5) < 4 * deviation
    # Neither by blocks, nor by any bit of the index, nor from one neighbour to the next.
    for bit in range(14):
        assert abs(mirrored[(ALL >> bit) & 1 == 1].mean() - 0.5) < 5 * 1.5 * deviation
    for lag in (1, 2, 3, 16):
        assert abs((mirrored[lag:] == mirrored[:-lag]).double().mean() - 0.5) < 5 * deviation


def test_another_seed_is_unrelated_and_an_index_beyond_32_bits_counts():
    same = (orientations(ALL, 0, seed=1) == orientations(ALL, 0, seed=2)).double().mean()
    assert abs(same - 0.5) < 0.02
    same = (orientations(ALL, 0) == orientations(ALL + 2**32, 0)).double().mean()
    assert abs(same - 0.5) < 0.02


def test_the_hash_is_the_finaliser_of_murmurhash3_twice():
    from sooner.augmentation.alternating_flip import _hashed

    def mixed(word):  # in Python's own whole numbers, which do not wrap
        word ^= word >> 16
        word = word * 0x85EBCA6B % 2**32
        word ^= word >> 13
        word = word * 0xC2B2AE35 % 2**32
        return word ^ word >> 16

    index, key = [0, 1, 2**31 + 7, 2**45 + 3], 0x0123_4567_89AB_CDEF
    expected = [mixed(mixed((i ^ key) % 2**32) ^ (i ^ key) >> 32) for i in index]
    assert _hashed(torch.tensor(index), key).tolist() == expected
    assert mixed(1) == 0x514E28B7  # as published


def test_it_depends_on_the_example_and_not_on_its_place_in_the_batch_or_the_generator():
    whole = orientations(ALL[:1000], 3)
    order = torch.randperm(1000, generator=generator(0))
    assert torch.equal(orientations(ALL[order], 3), whole[order])
    assert torch.equal(orientations(ALL[500:510], 3), whole[500:510])
    given = generator(0)
    before = given.get_state()
    AlternatingFlip()(torch.zeros(2, 1, 2, 2), 0.5, given, index=torch.arange(2), epoch=0)
    assert torch.equal(given.get_state(), before)


def test_an_image_is_mirrored_as_a_whole():
    inputs = torch.rand(50, 3, 4, 5, generator=generator(0, "images"))
    outputs = AlternatingFlip()(inputs, 0.0, generator(0), index=ALL[:50], epoch=0)
    for before, after, mirrored in zip(inputs, outputs, orientations(ALL[:50], 0), strict=True):
        assert torch.equal(after, before.flip(2) if mirrored else before)


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"seed must be a whole number, not 0\.5"):
        AlternatingFlip(seed=0.5)
    for index in (torch.arange(3), torch.arange(2).float(), torch.arange(2).int()):
        with pytest.raises(ValueError, match=r"index must be int64 of shape \(2,\)"):
            AlternatingFlip()(torch.zeros(2, 1, 4, 4), 0.0, generator(0), index=index, epoch=0)
