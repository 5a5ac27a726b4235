"""`import sooner` needs torch and numpy alone."""

import subprocess
import sys

import pytest

CODE = """
import sys
import numpy, torch
before = set(sys.modules)
import sooner
for name in ("Batch", "Indexed", "Permutation", "collate", "report", "update_bn"):
    getattr(sooner, name)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
sooner.race  # the first that needs more
"""


def test_no_package_beyond_torch_and_numpy():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    packages = run.stdout.split()
    assert "sooner" in packages
    assert set(packages) <= {"sooner", "torch", "numpy"}


def test_everything_public_is_there():
    import sooner

    assert {"Batch", "Indexed", "Permutation", "collate", "report", "update_bn", "__version__"} <= set(dir(sooner))
    with pytest.raises(AttributeError, match="'sooner' has no attribute 'Bach'"):
        sooner.Bach  # noqa: B018


def test_the_package_itself_is_there_before_torch():
    code = "import sys, sooner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
