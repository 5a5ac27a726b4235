import pytest

from sooner.training.clock import Clock


class Time:
    """Stands in for the module: passes only where a test sleeps, so that figures are exact on any machine."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


time = Time()


@pytest.fixture(autouse=True)
def _time_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sooner.training.clock.time", time)


def test_time_goes_to_the_innermost_phase() -> None:
    clock = Clock()
    with clock.phase("train"):
        time.sleep(0.02)
        with clock.phase("evaluate"):
            time.sleep(0.06)
        time.sleep(0.02)
    assert clock.phases["train"] == pytest.approx(0.04)
    assert clock.phases["evaluate"] == pytest.approx(0.06)


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


class Meter:
    """Notes what it is told, and takes its time over it."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def resume(self) -> None:
        self.told.append("resume")
        time.sleep(0.02)

    def pause(self) -> None:
        self.told.append("pause")
        time.sleep(0.02)


def test_a_meter_runs_while_the_clock_counts() -> None:
    meter = Meter()
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


def test_what_a_meter_takes_is_off_the_clock() -> None:
    clock = Clock(meter=Meter())
    with clock.phase("train"):
        for _ in range(3):
            with clock.phase("evaluate"):
                pass
    assert clock.seconds == 0.0
    assert clock.phases["evaluate"] == pytest.approx(0.12)


def test_a_meter_is_paused_where_a_phase_fails() -> None:
    meter = Meter()
    with pytest.raises(RuntimeError), Clock(meter=meter).phase("train"):
        raise RuntimeError
    assert meter.told == ["resume", "pause"]
