"""How the lanes of a race share the 5%."""

from __future__ import annotations

import numpy as np
import pytest

from sooner.statistics.family import fewest_pairs, share
from sooner.statistics.signed_rank import signed_rank


def test_the_5_percent_are_divided() -> None:
    assert [share(lanes) for lanes in (1, 2, 10)] == pytest.approx([0.05, 0.05 / 3, 0.01 / 3])
    assert [fewest_pairs(lanes) for lanes in (1, 2, 3, 4, 5, 10, 30)] == [6, 7, 8, 8, 9, 10, 11]
    with pytest.raises(ValueError, match="one lane or more"):
        share(0)


@pytest.mark.parametrize(("lanes", "pairs"), [(10, 10), (10, 20), (30, 12)])
@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_all_lanes_together_err_in_at_most_5_percent(lanes: int, pairs: int, spread: float) -> None:
    rng = np.random.default_rng(lanes + pairs)
    baseline = rng.standard_normal((1500, 1, pairs))
    others = rng.standard_normal((1500, lanes, pairs)) * np.linspace(1, spread, lanes)[:, None]
    p_value = signed_rank(others - baseline, others - baseline).p_value
    assert np.mean((p_value <= share(lanes)).any(axis=1)) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1500)
    assert np.mean((p_value <= 0.05).any(axis=1)) > 0.15  # what it is for
