import random

import numpy as np
import torch

from sooner.integrations._random_states import random_states, set_random_states


def draws():
    return torch.rand(3).tolist(), np.random.rand(3).tolist(), np.random.randn(), random.random(), random.gauss(0, 1)  # noqa: NPY002


def test_all_go_on_from_a_state_that_was_written_to_a_file(tmp_path):
    saved, here = tmp_path / "state", random_states()
    try:
        torch.save(random_states(), saved)
        expected = draws()
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002
        random.seed(5)
        assert draws() != expected
        set_random_states(torch.load(saved, weights_only=True))
        assert draws() == expected
    finally:
        set_random_states(here)
