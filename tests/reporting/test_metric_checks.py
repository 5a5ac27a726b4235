from __future__ import annotations

import numpy as np
import pytest

from sooner.reporting.metric_checks import metric_checks, step_of
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import fitted, race, run


def scored(target: float = 0.9, **lanes: list[list[float]]) -> dict[str, tuple[str, str]]:
    made = [
        Lane(name, "lane", {}, [run(metrics, seed=seed) for seed, metrics in enumerate(runs)])
        for name, runs in lanes.items()
    ]
    return told(rescore(race(made, target=target), curves=False))


def told(results: Results) -> dict[str, tuple[str, str]]:
    return {check.subject: (check.level, check.text) for check in metric_checks(results)}


def climbs(noise: float, *, decimals: int = 9, top: float = 1.0, times: float = 1.0) -> list[list[float]]:
    rng = np.random.default_rng(round(1e4 * noise))
    curve = top * (1 - np.exp(-0.115 * np.arange(1.0, 41.0)))
    return (times * np.round(curve + noise * rng.standard_normal((6, 40)), decimals)).tolist()


def test_the_noise_is_told_and_doubted_where_one_lane_has_more_of_it() -> None:
    level, text = scored(x=climbs(0.004), y=climbs(0.005))["Noise of the metric"]
    assert level == "good"
    assert "off by 0.00" in text
    level, text = scored(x=climbs(0.002), y=climbs(0.01))["Noise of the metric"]
    assert level == "caution"
    assert text.startswith("One evaluation of y is off by 0.0")
    assert "of x by 0.00" in text
    assert "times as much" in text


def test_runs_that_only_touch_the_target_are_told() -> None:
    found = scored(0.92, x=climbs(0.001), y=climbs(0.01, top=0.92))
    level, text = found["Target within the noise"]
    assert level == "caution"
    assert " of y) had an evaluation at the target, but not above it by more than the noise of their metric" in text
    assert "Target within the noise" not in scored(0.9, x=climbs(0.001), y=climbs(0.002))


def test_a_metric_in_coarser_steps_than_another_is_told() -> None:
    level, text = scored(x=climbs(0.002), y=climbs(0.002, decimals=2))["Coarse metric"]
    assert level == "caution"
    assert text.startswith("The metric of y comes in steps of 0.0100, and that of x in finer ones.")
    assert "Coarse metric" not in scored(x=climbs(0.002, decimals=2), y=climbs(0.003, decimals=2))
    assert step_of([k / 40 for k in range(11)]) == pytest.approx(1 / 40)
    assert step_of([0.1, 0.2]) == 0.0
    assert step_of(np.random.default_rng(0).random(50).tolist()) == 0.0


def test_a_metric_in_percent_beside_shares_is_told() -> None:
    level, text = scored(x=climbs(0.002), y=climbs(0.002, times=100))["Other scale"]
    assert level == "bad"
    assert text.startswith("The metric of y goes up to 9")
    assert "one seems to be in percent" in text
    # A score may pass 1, and all lanes may be in percent.
    assert "Other scale" not in scored(x=climbs(0.002), y=climbs(0.002, times=1.2))
    assert "Other scale" not in scored(90.0, x=climbs(0.002, times=100), y=climbs(0.002, times=100))


def test_the_fitted_protocol_has_no_noise_of_looks() -> None:
    assert told(fitted()) == {}
