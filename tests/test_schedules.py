import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.schedules import SCHEDULES, Constant, Cosine, Linear, OneCycle, make

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("schedule", "points"),
    [
        (Constant(), {0: 1, 0.5: 1, 1: 1}),
        (Constant(warmup=0.2, start=0), {0: 0, 0.1: 0.5, 0.2: 1, 1: 1}),
        (Linear(), {0: 1, 0.25: 0.75, 1: 0}),
        (Linear(end=0.2), {0: 1, 0.5: 0.6, 1: 0.2}),
        (Linear(warmup=0.5, start=0.2), {0: 0.2, 0.25: 0.6, 0.5: 1, 0.75: 0.5, 1: 0}),
        (Cosine(), {0: 1, 1 / 3: 0.75, 0.5: 0.5, 2 / 3: 0.25, 1: 0}),
        (Cosine(end=0.1), {0: 1, 0.5: 0.55, 1: 0.1}),
        (OneCycle(warmup=0.25, start=0.2, end=0.1), {0: 0.2, 0.125: 0.6, 0.25: 1, 0.625: 0.55, 1: 0.1}),
        (OneCycle(warmup=0.25, end=0.0, anneal="cosine"), {0: 0.1, 0.25: 1, 0.5: 0.75, 0.625: 0.5, 1: 0}),
    ],
)
def test_by_hand(schedule, points):
    for progress, factor in points.items():
        assert schedule(progress) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
@given(warmup=st.floats(0, 0.99), start=SHARES, end=SHARES, progress=SHARES)
def test_stays_within_its_corners(name, warmup, start, end, progress):
    options = {} if name == "constant" else {"end": end}
    schedule = make(name, warmup=warmup, start=start, **options)
    lowest = min(start if warmup else 1.0, options.get("end", 1.0))
    assert lowest - 1e-12 <= schedule(progress) <= 1 + 1e-12
    assert schedule(warmup) == 1.0


@pytest.mark.parametrize("name", SCHEDULES)
def test_rises_then_falls_without_a_jump(name):
    schedule = make(name, warmup=0.3)
    factors = [schedule(step / 1000) for step in range(1001)]
    steps = [later - earlier for earlier, later in pairwise(factors)]
    assert all(step > 0 for step in steps[:300])
    assert all(step <= 0 for step in steps[300:])
    assert max(map(abs, steps)) < 0.004


def test_matches_torch_on_a_whole_cosine():
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=0.05)
    for step in range(50):
        assert Cosine(end=0.05)(step / 50) == pytest.approx(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("linear", {"warmup": 1.0}, r"warmup must be a share of the budget in \[0, 1\), not 1.0"),
        ("linear", {"warmup": math.nan}, "warmup must be"),
        ("cosine", {"end": 1.5}, r"end must be a factor of the peak rate in \[0, 1\], not 1.5"),
        ("constant", {"start": -0.1}, "start must be"),
        ("one-cycle", {"anneal": "exp"}, "anneal must be 'linear' or 'cosine', not 'exp'"),
        ("constant", {"end": 0.1}, "constant has no option end; it has: warmup, start"),
        ("onecycle", {}, "no schedule is named 'onecycle'; there are: constant, cosine, linear, one-cycle"),
    ],
)
def test_bad_arguments_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        make(name, **options)


@pytest.mark.parametrize("progress", [-0.01, 1.01, math.nan])
def test_progress_outside_the_budget_is_refused(progress):
    with pytest.raises(ValueError, match="progress must be in"):
        Cosine()(progress)
