import json
import re
import subprocess
import sys

import pytest

COMMANDS = ["race", "report", "tasks", "methods", "doctor", "plan", "compare", "suite"]

# Which packages each listing needs beyond those that `import torch` loads, one after the other in one process.
LISTINGS = """
import contextlib, io, json, sys
import torch
from sooner import cli
standard, loaded = set(sys.stdlib_module_names), {}
for command in (["tasks"], ["methods"], ["methods", "rs2"], ["doctor"]):
    if command == ["doctor"]:
        from sooner.racing.recipes import precision
        precision.choose = lambda *arguments, **options: "float32"  # asked is what it loads
    sys.argv = ["sooner", *command]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        cli.main()
    found = {name.partition(".")[0] for name in sys.modules}
    loaded[" ".join(command)] = [sorted(found - standard), sorted(n for n in sys.modules if n.startswith("sooner."))]
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, tuple[set[str], set[str]]]:
    """By listing: the packages, and the modules of sooner, that it and those before it have loaded."""
    run = subprocess.run([sys.executable, "-c", LISTINGS], capture_output=True, text=True, check=True)
    return {name: (set(packages), set(own)) for name, (packages, own) in json.loads(run.stdout).items()}


def test_the_commands_stand_in_their_order() -> None:
    run = subprocess.run([sys.executable, "-m", "sooner.cli", "--help"], capture_output=True, text=True, check=True)
    assert [name for name in re.findall(r"^\W*([a-z]+) {2,}", run.stdout, re.MULTILINE) if name in COMMANDS] == COMMANDS


def test_help_loads_nothing_that_is_slow() -> None:
    code = "import sys; from sooner import cli; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    packages = set(run.stdout.split()) - set(sys.stdlib_module_names)
    assert {"sooner", "typer"} <= packages
    assert not packages & {
        "torch",
        "numpy",
        "scipy",
        "pydantic",
        "yaml",
        "lightning_fabric",
        "pyarrow",
        "psutil",
        "ray",
    }


@pytest.mark.parametrize("listing", ["tasks", "methods", "methods rs2", "doctor"])
def test_a_listing_loads_only_what_it_shows(loaded: dict[str, tuple[set[str], set[str]]], listing: str) -> None:
    packages, own = loaded[listing]
    assert not packages & {"lightning_fabric", "lightning", "pyarrow", "datasets", "PIL", "scipy", "sympy", "jinja2"}
    assert not packages & {"plotly", "ray", "mlflow", "wandb", "tensorboard", "transformers", "accelerate"}
    assert not any(name.startswith(("sooner.racing.engines", "sooner.reporting", "sooner.results")) for name in own)
    assert not any(name.startswith(("sooner.recipes", "sooner.sampling", "sooner.training.loop")) for name in own)
    if listing != "doctor":
        assert "yaml" not in packages
        assert not any(name.startswith(("sooner.registry", "sooner.tasks")) for name in own)


def test_defaults_that_stand_for_none_are_shown() -> None:
    command = [sys.executable, "-m", "sooner.cli", "race", "--help"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    defaults = {
        "--pairs": "as many as a verdict needs",
        "--max-pairs": "24",
        "--out": "races/TASK",
        "--threads": "OMP_NUM_THREADS, or one per core",
    }
    for option, default in defaults.items():
        described = run.stdout.partition(f" {option} ")[2].partition(" --")[0]
        assert f"[default: ({default})]" in " ".join(described.replace("│", " ").split())


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "sooner.cli", "race", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 141
