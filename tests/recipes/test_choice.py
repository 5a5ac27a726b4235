import inspect

import torch

from sooner import registry
from sooner.recipes._choice import CATALOGUES


def test_the_options_of_a_method_are_those_of_its_record():
    for method in registry.methods():
        assert set(method.options) == set(inspect.signature(method.make).parameters) - set(registry.GIVEN)


def test_every_method_is_in_the_catalogue_of_one_field():
    found = [name for catalogue, each in CATALOGUES.items() if catalogue != "schedule" for name in each.makers()]
    assert sorted(found) == sorted(method.name for method in registry.methods())


def test_checking_draws_nothing_from_the_global_generator(base):
    from sooner.recipes import Recipe

    before = torch.get_rng_state()
    Recipe(name="mine", **base, sampling={"name": "rs2", "fraction": 0.1, "variant": "stratified"})
    assert torch.equal(torch.get_rng_state(), before)
