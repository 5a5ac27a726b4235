from unittest.mock import patch

import torch

from sooner.racing.machine import reference
from sooner.racing.machine.reference import Reference


class ByHand:
    """Stands in for Python's clock."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


def test_it_is_timed_at_most_twice_a_second_and_one_percent_of_the_time() -> None:
    clock, took = ByHand(), 0.004

    def timed(device: torch.device) -> float:
        clock.now += took
        return took

    with patch.object(reference, "perf_counter", clock.perf_counter), patch.object(reference, "timed", timed):
        found = Reference()
        assert found.seconds is None
        found.poll()  # at once, for the first time
        clock.now += 0.49
        found.poll()
        assert found.seconds == 0.004
        took = 0.020
        clock.now += 0.02
        found.poll()
        assert found.seconds == (0.004 + 0.020) / 2
        clock.now += 1.9  # 20 ms are 1% of 2 s
        found.poll()
        assert found.seconds == (0.004 + 0.020) / 2
        clock.now += 0.2
        found.poll()
        assert found.seconds == (0.004 + 2 * 0.020) / 3
        found.measure()
        assert found.seconds == (0.004 + 3 * 0.020) / 4


def test_the_workload_is_always_the_same_and_draws_no_random_numbers() -> None:
    state = torch.random.get_rng_state()
    assert reference.timed(torch.device("cpu")) > 0
    assert torch.equal(state, torch.random.get_rng_state())
    matrix = reference._matrix(torch.device("cpu"))
    torch.testing.assert_close(matrix @ matrix, matrix)
