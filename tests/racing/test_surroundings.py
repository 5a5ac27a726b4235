"""Every setting that a run may leave behind, changed and put back."""

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sooner.racing import race as racing
from sooner.racing import surroundings
from sooner.racing.functions import Function, FunctionRuns
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.surroundings import SETTINGS, kept
from sooner.results.suspicions import LeftBehind
from sooner.tasks import Data, models
from tests.racing.conftest import Silent, go


def standing() -> float:
    """A clock that stands still."""
    return 0.0


# What changes each setting, by how it is told of; on the machines that tests run on, all can be changed.
CHANGES: dict[str, Callable[[], object]] = {
    "torch.set_default_dtype(torch.float64)": lambda: torch.set_default_dtype(torch.float64),
    "torch.set_default_device('meta')": lambda: torch.set_default_device("meta"),
    f"torch.set_num_threads({torch.get_num_threads() + 1})": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch.set_float32_matmul_precision('high')": lambda: torch.set_float32_matmul_precision("high"),
    "torch.use_deterministic_algorithms(True)": lambda: torch.use_deterministic_algorithms(True),
    "torch.set_flush_denormal(True)": lambda: torch.set_flush_denormal(True),
    "torch.set_grad_enabled(False)": lambda: torch.set_grad_enabled(False),
    "torch.autograd.set_detect_anomaly(True)": lambda: torch.autograd.set_detect_anomaly(True),
    "torch.set_autocast_enabled('cpu', True)": lambda: torch.set_autocast_enabled("cpu", True),
    "torch.set_autocast_enabled('cuda', True)": lambda: torch.set_autocast_enabled("cuda", True),
    "torch.backends.cudnn.enabled = False": lambda: setattr(torch.backends.cudnn, "enabled", False),
    "torch.backends.cudnn.benchmark = True": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "torch.backends.cudnn.deterministic = True": lambda: setattr(torch.backends.cudnn, "deterministic", True),
    "torch.backends.mkldnn.enabled = False": lambda: setattr(torch.backends.mkldnn, "enabled", False),
    "torch.backends.mkldnn.deterministic = True": lambda: setattr(torch.backends.mkldnn, "deterministic", True),
    **{
        f"torch.backends.cuda.matmul.{name} = False": lambda name=name: setattr(torch.backends.cuda.matmul, name, False)
        for name in ("allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction")
    },
    **{
        f"torch.backends.cuda.enable_{kind}_sdp(False)": lambda kind=kind: getattr(
            torch.backends.cuda, f"enable_{kind}_sdp"
        )(False)
        for kind in ("flash", "mem_efficient", "math", "cudnn")
    },
    "numpy.seterr(divide='raise', over='raise', under='raise', invalid='raise')": lambda: np.seterr(all="raise"),
    **{
        f"time.{name} = standing": lambda name=name: setattr(time, name, standing)
        for name in ("perf_counter", "monotonic", "time", "sleep")
    },
    "gc.isenabled() is False": gc.disable,
    "gc.set_threshold(1234, ...)": lambda: gc.set_threshold(1234),
    "sys.setswitchinterval(0.5)": lambda: sys.setswitchinterval(0.5),
    f"os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})": lambda: os.sched_setaffinity(
        0, {min(os.sched_getaffinity(0))}
    ),
}


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    before = [setting.now() for setting in SETTINGS]
    yield
    assert [setting.now() for setting in SETTINGS] == before


def test_every_setting_is_tried() -> None:
    assert len(CHANGES) == len(SETTINGS)


@pytest.mark.parametrize("told", CHANGES)
def test_a_setting_that_was_changed_is_put_back_and_told(told: str) -> None:
    nowhere_to_go = "affinity" in told and len(os.sched_getaffinity(0)) == 1
    with kept() as left:
        CHANGES[told]()
    assert left == ([] if nowhere_to_go else [told])


def test_it_is_put_back_where_the_run_raises() -> None:
    def interrupted() -> None:
        with kept():
            torch.set_default_dtype(torch.float64)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.get_default_dtype() == torch.float32


def test_what_was_not_changed_is_not_told_and_what_was_put_back_neither() -> None:
    with kept() as left:
        torch.set_default_dtype(torch.float64)
        torch.set_default_dtype(torch.float32)
    assert left == []


def test_the_users_own_settings_stay() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        with kept() as left:
            torch.set_default_dtype(torch.float32)
        assert torch.get_default_dtype() == torch.float64
        assert left == ["torch.set_default_dtype(torch.float32)"]
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_default_device_that_is_the_cpu_by_name_is_put_back_too() -> None:
    calls = torch._C._len_torch_function_stack  # type: ignore[attr-defined]
    before = calls()
    with kept():
        torch.set_default_device("cpu")
        assert calls() > before
    assert calls() == before


def test_generators_are_put_back_without_a_word() -> None:
    with kept():
        before = random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
    with kept() as left:
        assert before == (random.random(), np.random.rand(), torch.rand(1))  # noqa: NPY002
    assert left == []


def test_a_setting_that_cannot_be_read_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> None:
        raise RuntimeError("mixed")

    missing = surroundings.Setting("torch.mixed({})", read, lambda value: pytest.fail("put"))
    monkeypatch.setattr(surroundings, "SETTINGS", (missing, *SETTINGS))
    with kept() as left:
        pass
    assert left == []


def test_a_model_of_the_users_own_is_kept_from_the_runs_after_it(
    make_race: Callable[..., tuple[Path, Plan]], digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, found = models.build, []

    def leaving(*arguments: Any, **named: Any) -> nn.Module:
        found.append(torch.backends.mkldnn.deterministic)
        torch.backends.mkldnn.deterministic = True
        return build(*arguments, **named)

    folder, plan = make_race(pairs=1, budget="1ep")
    monkeypatch.setattr(models, "build", leaving)
    go(folder, digits, Silent())
    assert found == [False] * (1 + len(plan.lanes))  # the first is the warm-up's
    left = [notice for notice in racing.results(folder).notices if isinstance(notice, LeftBehind)]
    assert {notice.lane for notice in left} == {lane.name for lane in plan.lanes}
    assert {notice.settings for notice in left} == {("torch.backends.mkldnn.deterministic = True",)}


def test_a_run_of_a_function_is_kept_from_the_next() -> None:
    def train(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, float(torch.get_default_dtype() == torch.float64)
        torch.set_default_dtype(torch.float64)

    lane, runs = PlannedLane("mine", "lane", Function.of("mine", train)), FunctionRuns({"mine": train})
    for _ in range(2):
        record = runs.run(lane, 0, saved=Path("saved"))
        assert record.looks[0].metric == 0.0
        assert record.left_behind == ["torch.set_default_dtype(torch.float64)"]
