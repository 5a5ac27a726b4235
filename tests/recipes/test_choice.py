import inspect

import torch

from sooner import registry
from sooner.recipes._choice import CATALOGUES


def test_the_options_of_a_method_are_those_of_its_record():
    for seam in ("sampling", "augmentation"):
        given = CATALOGUES[seam].given
        for method in registry.methods(seam=seam):
            assert set(inspect.signature(method.make).parameters) - set(given) == set(method.options)


def test_checking_draws_nothing_from_the_global_generator(base):
    from sooner.recipes import Recipe

    before = torch.get_rng_state()
    Recipe(name="mine", **base, sampling={"name": "rs2", "fraction": 0.1, "variant": "stratified"})
    assert torch.equal(torch.get_rng_state(), before)
