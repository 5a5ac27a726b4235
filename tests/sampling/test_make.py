import pytest
import torch

from sooner.sampling import RS2, Reshuffling, StaticSubset, make


def test_samplers_by_name():
    targets = torch.arange(100) % 3
    assert make("reshuffle", 100, 10, seed=4, targets=targets) == Reshuffling(100, 10, seed=4)
    assert make("rs2", 100, 10, fraction=0.2) == RS2(100, 10, fraction=0.2)
    assert make("static", 100, 10, fraction=0.2, stratified=True, targets=targets) == StaticSubset(
        100, 10, fraction=0.2, stratified=True, targets=targets
    )


def test_what_is_not_known():
    with pytest.raises(KeyError, match=r"no sampling method is named 'rs3'; there are: .*reshuffle, rs2"):
        make("rs3", 100, 10)
    with pytest.raises(TypeError, match="rs2 has no option fractoin; its options are: drop_last, fraction, variant"):
        make("rs2", 100, 10, fractoin=0.1)
    with pytest.raises(TypeError, match="rs2 needs the option fraction; its options are: drop_last, fraction, variant"):
        make("rs2", 100, 10)
    with pytest.raises(ValueError, match="variant must be one of"):
        make("rs2", 100, 10, fraction=0.1, variant="x")
