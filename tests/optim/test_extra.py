import sys

import pytest
from torch import nn

from sooner.optim import make
from sooner.registry import get


@pytest.mark.parametrize("name", ["lars", "muon"])
def test_a_missing_package_is_named_with_its_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    monkeypatch.delitem(sys.modules, "sooner.optim._packaged", raising=False)
    monkeypatch.delattr("sooner.optim._packaged", raising=False)
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1))
    with pytest.raises(ImportError, match=rf"{name} needs pytorch-optimizer: pip install 'pytorch-optimizer>=4"):
        make(name, net, lr=0.1)
    assert get("optim", name).extra == "optim"
