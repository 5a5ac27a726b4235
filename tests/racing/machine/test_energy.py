from pathlib import Path
from time import perf_counter

import pytest
import torch

from sooner.racing.machine.counters import Unavailable
from sooner.racing.machine.energy import EnergyMeter
from sooner.training.clock import Clock
from tests.clock_by_hand import Hand
from tests.racing.machine.test_counters import tree

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def time(hand: Hand) -> Hand:
    """The clock that the meter reads; it stands still where a test does not move it."""
    return hand.moves("racing.machine.energy")


class Count:
    """A counter that is set by hand."""

    def __init__(self, joules: float = 0.0, wraps_at: float | None = None) -> None:
        self.joules: float | None = joules
        self.wraps_at = wraps_at

    def read(self) -> float:
        if self.joules is None:
            raise Unavailable("the driver is gone")
        return self.joules


def test_it_counts_what_the_clock_counts_and_no_more() -> None:
    counter = Count(100.0)
    meter = EnergyMeter([counter], "a counter")
    clock = Clock(meter=meter)
    counter.joules = 105.0  # before the run
    with clock.phase("setup"):
        counter.joules = 107.0
    with clock.phase("train"):
        counter.joules = 117.0
        with clock.phase("evaluate"):
            counter.joules = 1117.0
        counter.joules = 1120.0
    counter.joules = 2000.0
    assert meter.joules == 2 + 10 + 3
    assert meter.label == "measured: a counter"


def test_counters_are_added_up() -> None:
    counters = [Count(5.0), Count(50.0)]
    meter = EnergyMeter(counters, "two")
    with meter.counting():
        counters[0].joules, counters[1].joules = 6.0, 70.0
    assert meter.joules == 21.0


def test_a_package_counter_that_wraps_goes_on(tmp_path: Path) -> None:
    powercap = tree(tmp_path, {"intel-rapl:0": ("package-0", 999_000_000), "intel-rapl:1": ("package-1", 0)})
    meter = EnergyMeter.for_device(CPU, powercap=powercap)
    with meter.counting():
        tree(tmp_path, {"intel-rapl:0": ("package-0", 2_000_000), "intel-rapl:1": ("package-1", 4_000_000)})
    assert meter.joules == pytest.approx(1 + 2 + 4)
    assert meter.label == "measured: RAPL (CPU packages)"


def test_a_counter_that_may_have_wrapped_twice_is_not_believed(time: Hand) -> None:
    counter = Count(0.0, wraps_at=5000.0)  # at 1000 W in 5 s
    meter = EnergyMeter([counter], "small")
    with meter.counting():
        counter.joules = 3.0
        time.sleep(5.0)
    assert meter.joules == 3.0
    with meter.counting():
        time.sleep(5.1)
    assert meter.joules is None
    assert "may have wrapped unseen" in meter.label


def test_polling_reads_every_ten_seconds(time: Hand) -> None:
    counter = Count(0.0, wraps_at=20_000.0)
    meter = EnergyMeter([counter], "small")
    meter.poll()  # while it does not count: nothing
    with meter.counting():
        for _ in range(5):  # five times around, each seen
            time.sleep(9.0)
            counter.joules = 19_000.0  # seen by no poll: it is too early to read
            meter.poll()
            counter.joules = 12_000.0
            time.sleep(1.0)
            meter.poll()
            counter.joules = 4_000.0
            time.sleep(10.0)
            meter.poll()
    assert meter.joules == 12_000 + 12_000 + 4 * (8_000 + 12_000)


def test_a_counter_that_fails_on_the_way_leaves_no_part_of_it() -> None:
    counter = Count(0.0)
    meter = EnergyMeter([counter], "a counter")
    with meter.counting():
        counter.joules = 10.0
    assert meter.joules == 10.0
    with meter.counting():
        counter.joules = None
    counter.joules = 50.0
    with meter.counting():
        counter.joules = 60.0
    assert meter.joules is None
    assert meter.label == "not available: the driver is gone"


def test_a_counter_that_begins_again_without_wrapping_is_not_believed() -> None:
    counter = Count(10.0)
    meter = EnergyMeter([counter], "a counter")
    with meter.counting():
        counter.joules = 2.0
    assert meter.joules is None


def test_a_resumed_run_adds_to_what_it_used_before() -> None:
    counter = Count(0.0)
    meter = EnergyMeter([counter], "a counter", spent=7.0)
    with meter.counting():
        counter.joules = 1.0
    assert meter.joules == 8.0
    unknown = EnergyMeter([counter], "a counter", spent=None)
    with unknown.counting():
        counter.joules = 2.0
    assert unknown.joules is None
    assert "before that was not measured" in unknown.label


def test_where_there_are_no_counters_it_gives_the_reason(tmp_path: Path) -> None:
    meter = EnergyMeter.for_device(CPU, powercap=tmp_path)
    with meter.counting():
        meter.poll()
    assert meter.joules is None
    assert meter.label == "not available: this machine shows no RAPL counters"


def test_on_this_machine_training_uses_energy_or_it_is_not_told() -> None:
    meter = EnergyMeter.for_device(CPU)
    began = perf_counter()
    with meter.counting():
        for _ in range(200):
            torch.randn(256, 256) @ torch.randn(256, 256)
    seconds = perf_counter() - began
    assert (meter.joules is None) == meter.label.startswith("not available: ")
    assert meter.joules is None or 0 < meter.joules < seconds * 1000 * 16  # at most 16 packages at 1000 W
