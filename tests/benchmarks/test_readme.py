import re
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2] / "benchmarks"


def test_the_list_has_every_benchmark():
    there = {path.parent.name for path in ROOT.glob("*/README.md")}
    assert set(re.findall(r"\]\((\w+)/README\.md\)", (ROOT / "README.md").read_text())) == there


def test_every_command_names_a_module_that_is_there():
    for path in [ROOT / "README.md", *ROOT.glob("*/README.md"), *ROOT.rglob("*.py")]:
        for module in re.findall(r"python -m (benchmarks\.[\w.]*\w)", path.read_text()):
            assert find_spec(module) is not None, f"{path}: {module}"


def test_results_stay_small():
    sizes = {path: path.stat().st_size for path in ROOT.rglob("*.json")}
    assert max(sizes.values()) < 150_000  # bytes
    assert sum(sizes.values()) < 800_000
