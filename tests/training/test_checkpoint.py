import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from sooner.errors import StoreError
from sooner.training import checkpoint


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    state = {
        "model": {
            "weight": shared,
            "again": shared,
            "image": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
        },
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}, 1: {}}, "groups": [{"lr": 0.1, "betas": (0.9, 0.99)}]},
        "empty": torch.empty(0, dtype=torch.int64),
        "plain": [1, 2.5, None, True, "text", [], {}],
    }
    checkpoint.save(tmp_path / "a.safetensors", state)
    found = checkpoint.load(tmp_path / "a.safetensors")
    assert found["optimizer"]["state"].keys() == {0, 1}
    assert found["optimizer"]["groups"] == [{"lr": 0.1, "betas": (0.9, 0.99)}]
    assert found["plain"] == state["plain"]
    assert found["empty"].dtype == torch.int64
    for name, tensor in state["model"].items():
        assert torch.equal(found["model"][name], tensor)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.safetensors"]


def test_a_file_cut_short_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, {"x": torch.zeros(1000)})
    whole = path.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreError, match=r"a\.safetensors is not a checkpoint"):
            checkpoint.load(path)


def test_what_cannot_be_saved_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"state\.model\.f is a function"):
        checkpoint.save(tmp_path / "a.safetensors", {"model": {"f": lambda: 1}})
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_keeps_the_save_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.safetensors"
    checkpoint.save(path, {"x": torch.ones(10)})
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="could not write the checkpoint"):
        checkpoint.save(path, {"x": torch.zeros(10)})
    assert torch.equal(checkpoint.load(path)["x"], torch.ones(10))
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_moments_are_laid_out_as_their_parameters(tmp_path: Path) -> None:
    def make() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last)
        return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    model, optimizer = make()
    model(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    checkpoint.save(tmp_path / "a.safetensors", {"optimizer": optimizer.state_dict()})
    other, loaded = make()
    checkpoint.load_optimizer(loaded, checkpoint.load(tmp_path / "a.safetensors")["optimizer"])
    weight = next(other.parameters())
    assert loaded.state[weight]["momentum_buffer"].stride() == weight.stride()
    before = optimizer.state[next(model.parameters())]["momentum_buffer"]
    assert torch.equal(loaded.state[weight]["momentum_buffer"], before)


@pytest.mark.parametrize(
    "tree",
    [
        *("[]", "7", "null", '{"$tensor": "gone"}', '{"$items": [["a"]]}', '{"$items": 3}', '{"other": 1}', "{"),
        *('{"$tuple": [1]}', "[" * 5000 + "]" * 5000),
    ],
)
def test_a_tree_that_is_none_is_refused_and_named(tmp_path: Path, tree: str) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(2)}, path, metadata={"tree": tree})
    with pytest.raises(StoreError, match=r"a\.safetensors is not a checkpoint that can be read .*delete it to start"):
        checkpoint.load(path)


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a checkpoint that can be read"):
        checkpoint.load(tmp_path)
