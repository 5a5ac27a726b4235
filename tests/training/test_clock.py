import time

import pytest

from sooner.training.clock import Clock


def test_time_goes_to_the_innermost_phase() -> None:
    clock = Clock()
    with clock.phase("train"):
        time.sleep(0.02)
        with clock.phase("evaluate"):
            time.sleep(0.06)
        time.sleep(0.02)
    assert clock.phases["train"] == pytest.approx(0.04, abs=0.015)
    assert clock.phases["evaluate"] == pytest.approx(0.06, abs=0.015)


def test_evaluation_and_saving_are_off_the_clock() -> None:
    clock = Clock()
    for name in ("setup", "evaluate", "checkpoint"):
        with clock.phase(name):
            time.sleep(0.01)
    assert clock.seconds == pytest.approx(clock.phases["setup"])
    assert set(clock.phases) == {"setup", "evaluate", "checkpoint"}


def test_the_clock_stands_still_outside_phases_and_inside_an_evaluation() -> None:
    clock = Clock()
    with clock.phase("train"):
        time.sleep(0.01)
        with clock.phase("evaluate"):
            before = clock.seconds
            time.sleep(0.02)
            assert clock.seconds == before
    after = clock.seconds
    time.sleep(0.02)
    assert clock.seconds == after


def test_a_resumed_clock_goes_on_from_its_phases() -> None:
    clock = Clock(phases={"train": 5.0, "evaluate": 3.0})
    assert clock.seconds == 5.0
    with clock.phase("train"):
        time.sleep(0.01)
        assert clock.seconds > 5.0
    assert clock.phases["train"] > 5.0


def test_a_phase_that_fails_is_closed() -> None:
    clock = Clock()
    with pytest.raises(RuntimeError), clock.phase("train"):
        raise RuntimeError
    spent = clock.seconds
    time.sleep(0.01)
    assert clock.seconds == spent
