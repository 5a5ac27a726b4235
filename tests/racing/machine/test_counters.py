import os
from pathlib import Path

import pytest
import torch

from sooner.racing.machine.counters import POWERCAP, Nvidia, Unavailable, packages


def tree(folder: Path, domains: dict[str, tuple[str, int]], *, wraps: int = 1_000_000_000) -> Path:
    """A power capping tree: by domain, its name and its count in microjoules."""
    for domain, (name, count) in domains.items():
        place = folder / domain
        place.mkdir(parents=True, exist_ok=True)
        (place / "name").write_text(f"{name}\n")
        (place / "energy_uj").write_text(f"{count}\n")
        (place / "max_energy_range_uj").write_text(f"{wraps}\n")
    return folder


def test_packages_alone_are_counted(tmp_path: Path) -> None:
    powercap = tree(
        tmp_path,
        {
            "intel-rapl:0": ("package-0", 1_500_000),
            "intel-rapl:0:0": ("core", 700_000),
            "intel-rapl:0:1": ("dram", 200_000),
            "intel-rapl:1": ("package-1", 2_250_000),
            "intel-rapl:2": ("psys", 9_000_000),
            "intel-rapl-mmio:0": ("package-0", 1_500_000),
        },
    )
    (powercap / "intel-rapl").mkdir()
    found = packages(powercap)
    assert [counter.read() for counter in found] == [1.5, 2.25]
    assert [counter.wraps_at for counter in found] == [1000.0, 1000.0]


def test_without_counters_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="shows no RAPL counters"):
        packages(tmp_path / "none")


def test_one_package_that_cannot_be_read_leaves_none(tmp_path: Path) -> None:
    powercap = tree(tmp_path, {"intel-rapl:0": ("package-0", 1), "intel-rapl:1": ("package-1", 1)})
    (powercap / "intel-rapl:1" / "energy_uj").unlink()
    with pytest.raises(Unavailable, match=r"intel-rapl:1/energy_uj cannot be read \(No such file"):
        packages(powercap)
    (powercap / "intel-rapl:1" / "energy_uj").write_text("")
    with pytest.raises(Unavailable, match="holds '', not a number"):
        packages(powercap)


def test_a_counter_for_root_alone_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    powercap = tree(tmp_path, {"intel-rapl:0": ("package-0", 1)})
    read_text = Path.read_text

    def refuse(path: Path) -> str:  # tests may run as root, whom no file mode keeps out
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read_text(path)

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(Unavailable, match="sudo chmod a\\+r"):
        packages(powercap)


def test_this_machine_has_counters_or_none_that_can_be_read() -> None:
    if any(os.access(path, os.R_OK) for path in POWERCAP.glob("intel-rapl:*/energy_uj")):
        assert all(0 <= counter.read() <= counter.wraps_at for counter in packages())
    else:
        with pytest.raises(Unavailable, match=r"shows no RAPL counters|only root may read"):
            packages()


def test_a_device_without_a_counter_has_a_reason() -> None:
    if torch.cuda.is_available():
        device = Nvidia(torch.device("cuda", 0))
        assert 0 < device.read() <= device.read()
    else:
        with pytest.raises(Unavailable, match="NVML"):
            Nvidia(torch.device("cuda", 0))
