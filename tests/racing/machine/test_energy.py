import time
from pathlib import Path

import pytest
import torch

from sooner.racing.machine import energy
from sooner.racing.machine.counters import Unavailable
from sooner.racing.machine.energy import EnergyMeter
from sooner.training.clock import Clock
from tests.racing.machine.test_counters import tree

CPU = torch.device("cpu")


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


def test_a_counter_that_may_have_wrapped_twice_is_not_believed() -> None:
    counter = Count(0.0, wraps_at=5.0)  # at 1000 W in 5 ms
    meter = EnergyMeter([counter], "small")
    with meter.counting():
        counter.joules = 3.0
        time.sleep(0.02)
    assert meter.joules is None
    assert "may have wrapped unseen" in meter.label


def test_polling_reads_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Count(0.0, wraps_at=100.0)
    meter = EnergyMeter([counter], "small")
    meter.poll()  # while it does not count: nothing
    with meter.counting():
        for _ in range(5):  # five times around, each seen
            counter.joules = 60.0
            meter.poll()  # too early to read
            monkeypatch.setattr(energy, "_POLL", 0.0)
            meter.poll()
            counter.joules = 20.0
            meter.poll()
            monkeypatch.setattr(energy, "_POLL", 10.0)
    assert meter.joules == 60 + 60 + 4 * (40 + 60)


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
    with meter.counting():
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            torch.randn(64, 64) @ torch.randn(64, 64)
    assert (meter.joules is None) == meter.label.startswith("not available: ")
    assert meter.joules is None or 0 < meter.joules < 0.2 * 1000 * 16  # at most 16 packages at 1000 W
