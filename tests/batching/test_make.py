import pytest
import torch

from sooner.batching import AdAdaGrad, SqrtScaling, make
from sooner.registry import methods


def test_methods_are_made_by_name():
    assert make("adadagrad", batch_size=8, eta=0.2) == AdAdaGrad(8, eta=0.2)
    assert make("sqrt-scaling", batch_size=8, reference=2) == SqrtScaling(8, reference=2)


def test_all_are_registered():
    names = [method.name for method in methods(seam="batching")]
    assert {"adadagrad", "linear-scaling", "sqrt-scaling", "regime-adaptation", "ghost-batch-norm"} <= set(names)


def test_what_cannot_be_made_is_said():
    with pytest.raises(KeyError, match="no batching method is named 'adagrad'"):
        make("adagrad", batch_size=8)
    with pytest.raises(TypeError, match="linear-scaling needs the option reference"):
        make("linear-scaling", batch_size=8)
    with pytest.raises(TypeError, match="adadagrad has no option colour; its options are: eta"):
        make("adadagrad", batch_size=8, colour="red")
    with pytest.raises(TypeError, match="ghost-batch-norm changes a model"):
        make("ghost-batch-norm", batch_size=8)


def test_options_can_be_held_in_text():
    for method in methods(seam="batching"):
        given = {"batch_size": 50} if "batch_size" in method.parameters else {"model": torch.nn.BatchNorm1d(3)}
        method.make(**given, **method.example)
