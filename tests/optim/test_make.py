import pytest
from torch import nn
from torch.optim import AdamW

from sooner.optim import Lookahead, make, wrap
from sooner.registry import methods


def test_by_name():
    assert isinstance(make("adamw", nn.Linear(1, 1), lr=0.1), AdamW)
    wrapped = wrap("lookahead", make("adamw", nn.Linear(1, 1), lr=0.1), k=3)
    assert isinstance(wrapped, Lookahead)
    assert wrapped.k == 3


def test_the_records_say_what_wraps_and_in_which_order():
    wrappers = sorted((m for m in methods(seam="optim") if m.many), key=lambda m: m.stage)
    assert [m.name for m in wrappers if m.name in {"perpgrad", "lookahead", "sso"}] == ["perpgrad", "lookahead", "sso"]
    assert [m.name for m in methods(seam="optim") if not m.many] == [
        "adagrad",
        "adagrad-norm",
        "adamw",
        "lamb",
        "lars",
        "muon",
        "sgd",
    ]


def test_mistakes_are_explained():
    net = nn.Linear(1, 1)
    with pytest.raises(KeyError, match="no optim method is named 'lion'; there are: adagrad, adagrad-norm, adamw"):
        make("lion", net, lr=0.1)
    with pytest.raises(TypeError, match="sgd needs the option lr; its options are: lr, weight_decay, momentum"):
        make("sgd", net)
    with pytest.raises(TypeError, match="sgd has no option betas"):
        make("sgd", net, lr=0.1, betas=(0.9, 0.99))
    with pytest.raises(TypeError, match=r"lookahead goes around an optimizer: sooner.optim.wrap\('lookahead'"):
        make("lookahead", net, k=5)
    with pytest.raises(TypeError, match="sgd is no wrapper"):
        wrap("sgd", make("sgd", net, lr=0.1))
    with pytest.raises(TypeError, match="Lookahead needs an optimizer to wrap, not Linear"):
        wrap("lookahead", net)
