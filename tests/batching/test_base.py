import io
import pickle

import pytest
import torch

from sooner.batching import AdAdaGrad, Batching, LinearScaling, RegimeAdaptation, SqrtScaling
from sooner.budget import Budget

ALL = [
    Batching(8),
    AdAdaGrad(8, eta=0.3, every=2, micro_batches=3, largest=64, variant="coordinate", lr="sqrt"),
    AdAdaGrad(8),
    LinearScaling(8, reference=4, warmup=0.5),
    SqrtScaling(8, reference=2),
    RegimeAdaptation(8, reference=4),
]

each = pytest.mark.parametrize("batching", ALL, ids=repr)


def test_without_a_method_steps_are_the_samplers_batches():
    plain = Batching(batch_size=8)
    plain.observe(torch.ones(3), 8)
    plain.step(0.5)
    assert (plain.batches, plain.size, plain.lr_scale, plain.parts) == (1, 8, 1.0, 0)
    assert plain.budget(Budget.parse("3ep")) == Budget.parse("3ep")


@each
def test_its_repr_makes_it_again(batching):
    assert eval(repr(batching)) == batching


def test_defaults_are_left_out_of_the_repr():
    assert repr(AdAdaGrad(64, eta=0.1)) == "AdAdaGrad(batch_size=64, eta=0.1)"


@each
def test_it_can_be_pickled(batching):
    assert pickle.loads(pickle.dumps(batching)) == batching


@each
def test_its_state_is_plain(batching):
    file = io.BytesIO()
    torch.save(batching.state_dict(), file)
    file.seek(0)
    batching.load_state_dict(torch.load(file, weights_only=True))


def test_other_arguments_make_another_one():
    assert AdAdaGrad(8) != AdAdaGrad(8, eta=0.1)
    assert LinearScaling(8, reference=4) != SqrtScaling(8, reference=4)
    assert len({AdAdaGrad(8), AdAdaGrad(8), AdAdaGrad(16)}) == 2


def test_a_state_of_other_arguments_is_refused():
    with pytest.raises(ValueError, match=r"eta is 0\.5 there and 0\.1 here; make it with the arguments"):
        AdAdaGrad(8, eta=0.1).load_state_dict(AdAdaGrad(8).state_dict())
    with pytest.raises(ValueError, match="class is 'LinearScaling' there and 'SqrtScaling' here"):
        SqrtScaling(8, reference=4).load_state_dict(LinearScaling(8, reference=4).state_dict())
    with pytest.raises(ValueError, match="has batching, batches, waited, asked; this one has"):
        AdAdaGrad(8).load_state_dict({"batching": {}})


@pytest.mark.parametrize("size", [0, -1, 2.5, "8"])
def test_bad_sizes_are_named(size):
    with pytest.raises((ValueError, TypeError), match="batch_size must be"):
        Batching(size)
