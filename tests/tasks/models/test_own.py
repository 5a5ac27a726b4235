import sys

import pytest
import torch

from sooner.errors import RecipeError
from sooner.tasks import models

SOURCE = """
import torch
from torch import nn

def net(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], classes))

class Own(nn.Linear):
    def __init__(self, *, shape, classes, bias=True):
        super().__init__(shape[-1], classes, bias)

class nets:
    inner = staticmethod(net)

def positional(size, classes): ...
def nothing(shape, classes): ...
def broken(shape, classes): raise ZeroDivisionError("mine")
def late(shape, classes):
    from sooner_test_helper import make
    return make(shape, classes)
number = 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with modules of the user's own."""
    (tmp_path / "sooner_test_models.py").write_text(SOURCE)
    (tmp_path / "sooner_test_helper.py").write_text("from sooner_test_models import net as make")
    (tmp_path / "sooner_test_needy.py").write_text("import sooner_test_absent")
    (tmp_path / "sooner_test_broken.py").write_text("def net(:")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("sooner_test_")]:
        del sys.modules[name]


def build(name):
    return models.build(name, (1, 4, 4), 3, seed=0)


@pytest.mark.parametrize("factory", ["net", "nets.inner", "late"])
def test_a_factory_in_the_working_directory(here, factory):
    path = list(sys.path)
    model = build(f"sooner_test_models:{factory}")
    assert model(torch.zeros(2, 1, 4, 4)).shape == (2, 3)
    assert sys.path == path
    assert torch.equal(model[1].weight, build(f"sooner_test_models:{factory}")[1].weight)


def test_a_class_is_a_factory(here):
    assert type(build("sooner_test_models:Own")).__name__ == "Own"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sooner_test_nowhere:net", "there is no module 'sooner_test_nowhere', neither installed nor in"),
        ("sooner_test_needy:net", "importing 'sooner_test_needy' failed with ModuleNotFoundError.*sooner_test_absent"),
        ("sooner_test_broken:net", "importing 'sooner_test_broken' failed with SyntaxError"),
        ("sooner_test_models:nat", "the module 'sooner_test_models' has no 'nat'"),
        ("sooner_test_models:number", "is an object of type int, not a function or class"),
        ("sooner_test_models:positional", r"callable as factory\(shape=..., classes=...\)"),
        ("sooner_test_models:nothing", "must return a torch.nn.Module, not NoneType"),
        ("sooner_test_models:", "is not of the form module:factory"),
        (":net", "is not of the form module:factory"),
        ("a b:net", "is not of the form module:factory"),
    ],
)
def test_what_can_be_wrong_is_told(here, name, message):
    with pytest.raises(RecipeError, match=message):
        build(name)


def test_what_the_factory_raises_is_left_as_it_is(here):
    with pytest.raises(ZeroDivisionError, match="mine"):
        build("sooner_test_models:broken")
