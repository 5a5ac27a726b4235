import os
from pathlib import Path

import psutil
import pytest

from sooner.racing.machine import cores


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("set_to", "threads"),
    [
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3,2"}, 3),  # 2 are for regions inside regions
        ({"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "5"}, 5),  # as in PyTorch
        ({"OMP_NUM_THREADS": "0"}, 7),
        ({"OMP_NUM_THREADS": "-1"}, 7),
        ({"OMP_NUM_THREADS": "many"}, 7),
        ({"OMP_NUM_THREADS": ""}, 7),
        ({}, 7),
    ],
)
def test_the_environment_says_how_many_threads_else_the_cores(
    set_to: dict[str, str], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "usable_cores", lambda: 7)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert cores.default_threads() == threads


@pytest.mark.parametrize(
    ("affinity", "granted", "usable"), [(8, None, 4), (3, None, 3), (8, 2.5, 2), (8, 0.5, 1), (8, 64.0, 4), (2, 3.0, 2)]
)
def test_cores_are_physical_ones_that_affinity_and_quota_allow(
    affinity: int, granted: float | None, usable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 8 if logical else 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(affinity)), raising=False)
    monkeypatch.setattr(cores, "quota", lambda: granted)
    assert cores.usable_cores() == usable


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_least_of_all_levels_of_the_unified_hierarchy_is_granted(tmp_path: Path) -> None:
    write(tmp_path / "groups", "0::/jobs/mine\n")
    mounted = tmp_path / "mounted"
    assert cores.quota(tmp_path / "groups", mounted) is None  # no controller there
    write(mounted / "jobs" / "mine" / "cpu.max", "max 100000\n")
    assert cores.quota(tmp_path / "groups", mounted) is None
    write(mounted / "jobs" / "cpu.max", "150000 100000\n")
    assert cores.quota(tmp_path / "groups", mounted) == 1.5
    write(mounted / "jobs" / "mine" / "cpu.max", "300000 100000\n")
    assert cores.quota(tmp_path / "groups", mounted) == 1.5


def test_the_older_hierarchy_of_a_container_is_read_at_its_root(tmp_path: Path) -> None:
    write(tmp_path / "groups", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/\n1:name=systemd:/\n")
    group = tmp_path / "mounted" / "cpu"
    write(group / "cpu.cfs_quota_us", "-1\n")
    write(group / "cpu.cfs_period_us", "50000\n")
    assert cores.quota(tmp_path / "groups", tmp_path / "mounted") is None
    write(group / "cpu.cfs_quota_us", "100000\n")
    assert cores.quota(tmp_path / "groups", tmp_path / "mounted") == 2.0


def test_where_there_are_no_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert cores.quota(tmp_path / "groups", tmp_path) is None
