"""What every method must do, whichever its seam. A method is here by being registered; its record names exceptions."""

import inspect
import io
import pickle
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from sooner.registry import methods
from tests.contract.plain import PlainLoop
from tests.contract.ranks import digests
from tests.integrations.processes import in_two_processes

METHODS = methods()
# The words of `Method.exempt`, and what each test of them asks.
WORDS = {
    "accumulation": "the same gradient whole and in parts",
    "ranks": "two processes keep equal weights",
    "repr": "its repr is how it was made",
}

every = pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.seam}/{method.name}")


def those_without(word):
    chosen = [method for method in METHODS if word not in method.exempt]
    return pytest.mark.parametrize("method", chosen, ids=lambda method: f"{method.seam}/{method.name}")


@every
@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bf16"])
def test_it_trains_in_a_plain_loop(method, autocast):
    loop = PlainLoop([method], autocast=autocast, steps=48)
    before = loop.mean_loss()
    loop.train(48)
    assert loop.weights().isfinite().all()
    assert loop.mean_loss() < 0.8 * before


@every
def test_saved_and_loaded_in_the_middle_it_goes_on_exactly(method):
    unbroken = PlainLoop([method]).train(16)
    begun = PlainLoop([method]).train(7)
    file = io.BytesIO()
    torch.save(begun.state_dict(), file)
    file.seek(0)
    resumed = PlainLoop([method])
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(resumed.train(16).weights(), unbroken.weights())


@every
def test_global_random_state_is_neither_read_nor_written(method):
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    first = PlainLoop([method]).train(6).weights()
    assert states() == before
    torch.manual_seed(1234)
    np.random.seed(1234)  # noqa: NPY002
    random.seed(1234)
    assert torch.equal(PlainLoop([method]).train(6).weights(), first)


@those_without("accumulation")
def test_gradient_accumulation_changes_nothing(method):
    whole, parts = (PlainLoop([method], parts=parts, groups=True).train(4) for parts in (1, 4))
    assert not torch.equal(whole.weights(), PlainLoop([method], groups=True).weights())
    torch.testing.assert_close(parts.weights(), whole.weights(), rtol=1e-3, atol=1e-4)


@every
def test_it_can_be_pickled_with_the_run_it_is_in(method):
    loop = PlainLoop([method]).train(5)
    again = pickle.loads(pickle.dumps(loop))
    assert torch.equal(again.train(12).weights(), loop.train(12).weights())


@those_without("repr")
def test_its_repr_is_how_it_was_made(method):
    loop = PlainLoop([method])
    (found,) = [each for each in (*loop.methods, loop.optimizer) if type(each) is method.make]
    text = repr(found)
    assert text.startswith(f"{method.make.__name__}(")
    for name, value in method.example.items():
        default = method.options[name].default
        assert value == default or f"{name}={value!r}" in text or isinstance(value, torch.Tensor)


class Nonsense:
    def __repr__(self):
        return "nonsense"


@every
def test_bad_options_are_named(method):
    for name, option in method.options.items():
        if option.kind is inspect.Parameter.VAR_KEYWORD:
            continue

        broken = replace(method, example={**method.example, name: Nonsense()})
        with pytest.raises((ValueError, TypeError), match=name):
            PlainLoop([broken])


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two real processes made of every method."""
    return in_two_processes(digests, tmp_path_factory.mktemp("ranks"))


@those_without("ranks")
def test_two_ranks_agree(method, ranks):
    name = f"{method.seam}/{method.name}"
    first, second = (rank[name] for rank in ranks)
    assert first["moved"]
    assert torch.equal(first["weights"], second["weights"])


@every
def test_its_record_is_complete(method):
    assert all((method.title, method.paper, method.changes, method.costs, method.helps, method.hurts))
    assert (method.year is None) == (method.paper == "folklore")
    needed = {name for name, option in method.options.items() if option.default is inspect.Parameter.empty}
    assert needed <= set(method.example) <= set(method.options)
    assert set(method.exempt) <= set(WORDS)
    assert all(len(reason) > 20 for reason in (*method.exempt.values(), *method.refuses.values()))
    documented = inspect.getdoc(method.make) or ""
    assert len(documented) > 100
    assert "Args:" in documented or not method.options
