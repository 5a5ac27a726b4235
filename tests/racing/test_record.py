import math
from datetime import UTC, datetime, timedelta

import pytest
import torch
from lightning.fabric import Fabric

from sooner.racing.record import now
from sooner.training.divergence import LossWatch
from sooner.training.idleness import IdleWatch
from tests.racing.made import record


def test_a_record_tells_the_time_in_utc_to_the_second() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = datetime.fromisoformat(now())
    assert before <= found <= datetime.now(UTC)
    assert found.utcoffset() == timedelta(0)
    assert found.microsecond == 0


def test_what_ends_a_run_by_what_its_lane_does_is_a_result() -> None:
    spoilt, exploded, idle = (
        LossWatch(Fabric()),
        LossWatch(Fabric()),
        IdleWatch(10, "ucb", by_steps=True),
    )
    spoilt.add(torch.tensor(math.nan))
    spoilt.stepped()
    spoilt.check(1)
    for step in range(1, 401):
        exploded.add(torch.tensor(1.0 if step < 200 else 1e9))
        exploded.stepped()
        if exploded.due:
            exploded.check(step)
    for _ in range(100):
        idle.add(10, 0)
    reasons = [spoilt.failure, exploded.failure, idle.failure, "its last metric was nan"]
    assert None not in reasons
    assert not any(record("x", 0, 1.0, stopped=reason).failed for reason in [*reasons, None])


@pytest.mark.parametrize(
    "reason",
    [
        "it exited with status 1",
        "it was ended by SIGKILL; the system does that when memory runs out",
        "it could not be started: no such file",
        "it was silent for 5 s (--timeout)",
        "it ended without a metric: no line of its output matches 'acc=(.*)'",
        "ValueError: too bad",
        "out of memory on cpu; lower its batch_size (64) or raise accumulate (1)",
    ],
)
def test_what_crashed_or_gave_no_metric_failed(reason: str) -> None:
    assert record("x", 0, 1.0, stopped=reason).failed
