"""Importing the integrations loads no framework, and an adapter loads its own."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "frameworks"), [("integrations", set()), ("integrations.accelerate", {"accelerate"})]
)
def test_what_an_import_loads(module, frameworks):
    code = f"import sys, sooner.{module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"accelerate", "lightning", "transformers"} & set(run.stdout.split()) == frameworks
