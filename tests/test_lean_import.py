"""`import sooner` needs torch and numpy alone, and hardly any time."""

import statistics
import subprocess
import sys

import pytest

CODE = """
import sys, time
import numpy, torch
before, start = set(sys.modules), time.process_time()
import sooner
for name in ("Batch", "Indexed", "Permutation", "collate", "report", "update_bn"):
    getattr(sooner, name)
seconds = time.process_time() - start
packages = {name.partition(".")[0] for name in set(sys.modules) - before}
print(seconds, *sorted(packages - set(sys.stdlib_module_names)))
"""


@pytest.fixture(scope="module")
def imports():
    """[(processor seconds above `import torch`, [packages that modules were loaded of])] of three fresh processes."""
    found = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
        seconds, *packages = run.stdout.split()
        found.append((float(seconds), packages))
    return found


def test_no_package_beyond_torch_and_numpy(imports):
    for _, packages in imports:
        assert "sooner" in packages
        assert set(packages) <= {"sooner", "torch", "numpy"}


def test_a_tenth_of_a_second_above_torch(imports):
    assert statistics.median(seconds for seconds, _ in imports) <= 0.1


def test_everything_public_is_there():
    import sooner

    assert {"Batch", "Indexed", "Permutation", "collate", "report", "update_bn", "__version__"} <= set(dir(sooner))
    with pytest.raises(AttributeError, match="'sooner' has no attribute 'Bach'"):
        sooner.Bach  # noqa: B018


def test_the_package_itself_is_there_before_torch():
    code = "import sys, sooner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
