"""Everything that speaks against a lane, on honest races: they have to stay silent, and keep their verdicts."""

import numpy as np
import pytest

from sooner.results.doubts import notices
from sooner.results.records import Evaluation, Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.verdict import Finding
from tests.reporting.races import race

_LOOKS = 15


def honest(rng: np.random.Generator, name: str, *, speed: float, examples: int, kind: str) -> Lane:
    """Eight runs whose metric of so many examples climbs to about 95%, on a machine that is disturbed now and then."""
    runs = []
    for seed in range(8):
        pace = rng.choice([1.0, 2.0], p=[0.93, 0.07])
        spent = 30 * pace * np.exp(0.05 * rng.standard_normal())
        share = 0.95 + 0.01 * rng.standard_normal() - 0.85 * np.exp(-np.linspace(0, 4, _LOOKS) * speed)
        share = np.clip(share, 0.01, 0.99)
        metric = rng.binomial(examples, share) / examples
        looks = [Evaluation(spent * at / (_LOOKS - 1), 50 * at, 6400 * at, float(metric[at])) for at in range(_LOOKS)]
        runs.append(
            Run(
                seed=seed,
                hit=False,
                time_to_target_s=None,
                steps_to_target=None,
                examples_to_target=None,
                budget_s=float(spent),
                final_metric=looks[-1].metric,
                test_metric=float(rng.binomial(2 * examples, share[-1] - 0.01) / (2 * examples)),
                phases={
                    "run": float(spent),
                    "evaluate": float(_LOOKS * 0.3 * pace * np.exp(0.3 * rng.standard_normal())),
                },
                evaluations=looks,
                steps=looks[-1].step,
                examples=looks[-1].examples,
                reference_s=float(0.004 * pace * np.exp(0.1 * rng.standard_normal())),
                resumed=int(rng.random() < 0.05),
            )
        )
    return Lane(name, "baseline" if name == "plain" else "lane", {kind: name}, runs)


def scored(rng: np.random.Generator, speed: float, examples: int, kind: str) -> Results:
    plain = honest(rng, "plain", speed=1.0, examples=examples, kind=kind)
    lane = honest(rng, "lane", speed=speed, examples=examples, kind=kind)
    lane.opponents.append("plain")
    return rescore(race([plain, lane], target=0.85), curves=False)


@pytest.mark.parametrize(
    ("speed", "examples", "kind"),
    [(1.0, 1000, "command"), (2.0, 1000, "model"), (2.0, 60, "function")],
)
def test_honest_races_are_seldom_doubted_and_keep_their_verdicts(speed: float, examples: int, kind: str) -> None:
    rng = np.random.default_rng([int(speed), examples])
    races = [scored(rng, speed, examples, kind) for _ in range(200)]
    doubted = [found for race in races if (found := notices(race.lanes, race.target))]
    assert len(doubted) <= 6, doubted
    withheld = [c for race in races for c in race.comparisons if c.finding is Finding.WITHHELD]
    doubts = [c for c in withheld if {each.cause.value for each in c.reasons} & {"seed_ignored", "metric_inflated"}]
    assert len(doubts) <= 2
