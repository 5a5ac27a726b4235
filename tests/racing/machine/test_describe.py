from importlib import metadata

import pytest
import torch

from sooner.errors import SoonerError
from sooner.racing.machine import describe as machine


def test_the_machine_is_described_without_guesses() -> None:
    found = machine.describe(torch.device("cpu"))
    assert found["cores"] >= 1
    assert found["threads"] == torch.get_num_threads()
    assert found["memory_gib"] > 0
    assert "accelerator" not in found
    assert machine.versions()["torch"] == torch.__version__


def test_a_machine_is_busy_from_a_share_on() -> None:
    assert not machine.is_busy(0.01)
    assert machine.is_busy(0.4)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("cuda:99", "PyTorch sees ([02-9] CUDA devices|1 CUDA device) here"),
        ("abacus", "no device 'abacus'"),
        ("meta", "run on cpu or cuda"),
    ],
)
def test_a_device_that_is_not_there_is_refused(wanted: str, why: str) -> None:
    assert machine.pick_device("cpu") == torch.device("cpu")
    with pytest.raises(SoonerError, match=why):
        machine.pick_device(wanted)


@pytest.mark.parametrize(("count", "words"), [(0, "0 CUDA devices"), (1, "1 CUDA device"), (2, "2 CUDA devices")])
def test_devices_are_counted_in_words(count: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(SoonerError, match=f"sees {words} here"):
        machine.pick_device("cuda:7")


def test_a_package_of_an_extra_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    known = metadata.version

    def version(name: str) -> str:
        if name == "datasets":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(metadata, "version", version)
    found = machine.versions()
    assert "datasets" not in found
    assert found["numpy"] == known("numpy")
