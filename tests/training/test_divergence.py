import math

import pytest
import torch
from lightning_fabric import Fabric

from sooner.training.divergence import LossWatch


def watch() -> LossWatch:
    return LossWatch(Fabric(accelerator="cpu", devices=1))


def feed(seen: LossWatch, losses: list[float]) -> None:
    for loss in losses:
        seen.add(torch.tensor(loss / 4))  # in two parts, as an accumulated step
        seen.add(torch.tensor(loss * 3 / 4))
        seen.stepped()


def test_a_single_step_explodes_nothing() -> None:
    """The step after a check, with a look due: the loss of one bad batch, then the run goes on as before."""
    seen = watch()
    feed(seen, [2.0] * 20)
    assert seen.due
    seen.check(20)
    feed(seen, [1e6])
    assert not seen.due
    seen.check(21)
    assert seen.failure is None
    feed(seen, [2.0] * 19)
    seen.check(40)
    assert seen.failure is None


@pytest.mark.parametrize(("high", "failure"), [(10, None), (11, "the loss exploded from 2 to 101 by step {step}")])
def test_more_than_half_of_the_last_twenty_steps_do(high: int, failure: str | None) -> None:
    seen = watch()
    feed(seen, [2.0] * 20)
    seen.check(20)
    feed(seen, [2.0] * 7 + [101.0] * high)
    step = 27 + high
    seen.check(step)
    assert seen.failure == (failure and failure.format(step=step))


@pytest.mark.parametrize(("first", "later", "exploded"), [(0.01, 49.0, False), (0.01, 51.0, True), (4.0, 199.0, False)])
def test_the_bound_is_fifty_times_the_first_loss_or_one(first: float, later: float, exploded: bool) -> None:
    seen = watch()
    feed(seen, [first] * 20)
    seen.check(20)
    feed(seen, [later] * 20)
    seen.check(40)
    assert (seen.failure is not None) == exploded


def test_the_first_loss_rests_on_twenty_steps_too() -> None:
    """A look after the first step, whose loss is small: what follows is held against the median of twenty."""
    seen = watch()
    feed(seen, [0.1])
    seen.check(1)
    feed(seen, [60.0] * 19)
    seen.check(20)
    feed(seen, [60.0] * 20)
    seen.check(40)
    assert seen.failure is None


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_one_step_without_a_finite_loss_is_enough(value: float) -> None:
    seen = watch()
    feed(seen, [2.0] * 20)
    seen.check(20)
    feed(seen, [2.0, value])
    seen.check(22)
    assert seen.failure == f"the loss became {value} by step 22"


def test_it_goes_on_from_a_saved_state_as_if_unbroken() -> None:
    unbroken = watch()
    feed(unbroken, [2.0] * 20)
    unbroken.check(20)
    feed(unbroken, [2.0, 200.0, 300.0])
    resumed = watch()
    resumed.load_state_dict(unbroken.state_dict())
    for each in (unbroken, resumed):
        feed(each, [400.0] * 10)
        each.check(33)
        assert each.failure == "the loss exploded from 2 to 300 by step 33"
    assert resumed.state_dict() == unbroken.state_dict()


def test_a_state_of_version_0_2_0() -> None:
    """It has the sum of the losses since the last check, their number, and the first loss."""
    seen = watch()
    seen.load_state_dict({"failure": None, "loss": [12.0, 4, 2.0]})
    feed(seen, [200.0] * 16)
    assert seen.due
    seen.check(20)
    assert seen.failure == "the loss exploded from 2 to 200 by step 20"
