import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import sooner

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    return zipfile.ZipFile(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    source = ROOT / "src"
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    files = {path for path in files if "__pycache__" not in path and ".egg-info" not in path}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == files


@pytest.mark.parametrize(
    "needed",
    [
        r"sooner/py\.typed",
        r"sooner/tasks/digits\.npz",
        r"sooner/recipes/shipped/.*\.yaml",
        r"sooner/reporting/.*\.j2",
        r"sooner/reporting/vendor/plotly-basic\.min\.js",
    ],
)
def test_the_wheel_holds_what_is_not_code(wheel, needed):
    assert any(re.fullmatch(needed, name) for name in wheel.namelist())


def test_the_wheel_says_what_it_is(wheel):
    info = f"sooner-{sooner.__version__}.dist-info"
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: Apache-2.0 AND MIT" in metadata
    assert b"Plotly" in wheel.read(f"{info}/licenses/src/sooner/reporting/vendor/plotly-LICENSE.txt")
    assert wheel.read(f"{info}/licenses/LICENSE").decode().strip().startswith("Apache License")
    assert "sooner = sooner.__main__:main" in wheel.read(f"{info}/entry_points.txt").decode()


def test_the_methods_need_torch_and_numpy_alone():
    assert {_name(requirement) for requirement in PROJECT["dependencies"]} == {"torch", "numpy"}


def test_every_direct_dependency_is_pinned_and_nothing_else():
    extras = PROJECT["optional-dependencies"].values()
    direct = {_name(requirement) for group in (PROJECT["dependencies"], *extras) for requirement in group}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin) for pin in pins)
    assert {_name(pin) for pin in pins} == direct - {"sooner"}


def _name(requirement):
    return re.match(r"[\w-]+", requirement)[0].lower()
