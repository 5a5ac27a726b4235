"""What `import sooner` loads: how long that takes is measured in benchmarks/startup."""

import subprocess
import sys
from pathlib import Path

import pytest

import sooner

CODE = """
import sys
import numpy, torch
before = set(sys.modules)
import sooner
for name in ("Batch", "Indexed", "Permutation", "collate", "report", "update_bn"):
    getattr(sooner, name)
print(*sorted(set(sys.modules) - before))
"""


@pytest.fixture(scope="module")
def loaded():
    """Modules that `import sooner` and the use of its public names load beyond those of torch and numpy."""
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_no_package_beyond_torch_and_numpy(loaded):
    packages = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert "sooner" in packages
    assert packages <= {"sooner", "torch", "numpy"}


def test_one_seam_is_loaded_and_nothing_of_training_or_a_race(loaded):
    packages = {path.name for path in Path(sooner.__file__).parent.iterdir() if path.is_dir()} - {"__pycache__"}
    assert {name.split(".")[1] for name in loaded if name.startswith("sooner.")} & packages == {"sampling"}


def test_no_part_of_torch_that_is_slow_to_load(loaded):
    slow = ("torch._dynamo", "torch._inductor", "torch.distributed", "torch.utils.tensorboard")
    assert [name for name in loaded if name.startswith(slow)] == []


def test_everything_public_is_there():
    assert {"Batch", "Indexed", "Permutation", "collate", "race", "report", "update_bn", "__version__"} <= set(
        dir(sooner)
    )
    with pytest.raises(AttributeError, match="'sooner' has no attribute 'Bach'"):
        sooner.Bach  # noqa: B018


def test_the_package_itself_is_there_before_torch():
    code = "import sys, sooner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
