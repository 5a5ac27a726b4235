import pytest
from tests.clock_by_hand import Hand

from sooner.training.clock import Clock


@pytest.fixture(autouse=True)
def time(hand: Hand) -> Hand:
    """The clock that the race's clock reads."""
    return hand.moves("training.clock")


def test_time_goes_to_the_innermost_phase(time: Hand) -> None:
    clock = Clock()
    with clock.phase("train"):
        time.sleep(2.0)
        with clock.phase("evaluate"):
            time.sleep(6.0)
        time.sleep(3.0)
    assert clock.phases == {"train": 5.0, "evaluate": 6.0}


def test_evaluation_and_saving_are_off_the_clock(time: Hand) -> None:
    clock = Clock()
    for name in ("setup", "evaluate", "checkpoint"):
        with clock.phase(name):
            time.sleep(1.0)
    assert clock.seconds == 1.0
    assert clock.phases == {"setup": 1.0, "evaluate": 1.0, "checkpoint": 1.0}


def test_the_clock_stands_still_outside_phases_and_inside_an_evaluation(time: Hand) -> None:
    clock = Clock()
    with clock.phase("train"):
        time.sleep(1.0)
        with clock.phase("evaluate"):
            time.sleep(2.0)
            assert clock.seconds == 1.0
    time.sleep(2.0)
    assert clock.seconds == 1.0


def test_a_resumed_clock_goes_on_from_its_phases(time: Hand) -> None:
    clock = Clock(phases={"train": 5.0, "evaluate": 3.0})
    assert clock.seconds == 5.0
    with clock.phase("train"):
        time.sleep(1.0)
        assert clock.seconds == 6.0
    assert clock.phases["train"] == 6.0


def test_a_phase_that_fails_is_closed(time: Hand) -> None:
    clock = Clock()

    def fail() -> None:
        time.sleep(1.0)
        raise RuntimeError

    with pytest.raises(RuntimeError), clock.phase("train"):
        fail()
    time.sleep(1.0)
    assert clock.seconds == 1.0


def test_it_reads_the_clock_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    clock = Clock()
    with clock.phase("train"):
        assert 0 <= clock.seconds <= clock.seconds
        sum(range(10_000))
    assert clock.seconds > 0


class Meter:
    """Notes what it is told, and takes its time over it."""

    def __init__(self, time: Hand) -> None:
        self.told: list[str] = []
        self._time = time

    def resume(self) -> None:
        self.told.append("resume")
        self._time.sleep(2.0)

    def pause(self) -> None:
        self.told.append("pause")
        self._time.sleep(2.0)


def test_a_meter_runs_while_the_clock_counts(time: Hand) -> None:
    meter = Meter(time)
    clock = Clock(meter=meter)
    with clock.phase("setup"):
        pass
    assert meter.told == ["resume", "pause"]
    meter.told.clear()
    with clock.phase("train"):
        with clock.phase("scoring"):
            pass
        assert meter.told == ["resume"]
        with clock.phase("evaluate"):
            assert meter.told == ["resume", "pause"]
        assert meter.told == ["resume", "pause", "resume"]
    assert meter.told == ["resume", "pause", "resume", "pause"]
    meter.told.clear()
    with clock.phase("evaluate"), clock.phase("checkpoint"):
        pass
    assert meter.told == []


def test_what_a_meter_takes_is_off_the_clock(time: Hand) -> None:
    clock = Clock(meter=Meter(time))
    with clock.phase("train"):
        for _ in range(3):
            with clock.phase("evaluate"):
                pass
    assert clock.seconds == 0.0
    assert clock.phases["evaluate"] == 12.0  # a pause as each begins, and a resume as it ends


def test_a_meter_is_paused_where_a_phase_fails(time: Hand) -> None:
    meter = Meter(time)
    with pytest.raises(RuntimeError), Clock(meter=meter).phase("train"):
        raise RuntimeError
    assert meter.told == ["resume", "pause"]
