import pytest


@pytest.fixture
def base():
    """A task's own recipe, as a task has it."""
    return {
        "model": "convnet-16",
        "budget": "10ep",
        "batch_size": 128,
        "optimizer": {"name": "sgd", "lr": 0.1, "weight_decay": 0.0005},
        "schedule": {"name": "one-cycle", "warmup": 0.2},
        "augmentation": ["flip", {"name": "translate", "pixels": 2}],
    }


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a recipe file into an empty current folder; returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return name

    return write
