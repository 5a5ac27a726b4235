"""`python -m sooner`, which is the command `sooner`."""

import subprocess
import sys

CODE = """
import sys
sys.modules[{missing!r}] = None
sys.argv = ["sooner", "--version"]
from sooner.__main__ import main
main()
"""


def run(missing):
    return subprocess.run([sys.executable, "-c", CODE.format(missing=missing)], capture_output=True, text=True)


def test_without_the_extra_it_says_what_to_install():
    ended = run("typer")
    assert ended.returncode == 2
    assert ended.stderr.startswith("sooner: the command line needs typer: pip install ")
    assert "typer" in ended.stderr.partition("pip install")[2]


def test_with_it_it_runs():
    ended = run("nothing_that_sooner_needs")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("sooner ")


def test_a_fault_of_its_own_is_not_called_a_missing_package():
    assert "ModuleNotFoundError" in run("sooner.cli").stderr
