import sys
from pathlib import Path

import pytest

from sooner.tasks.named import origin


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with modules that cannot be imported without being noticed."""
    monkeypatch.chdir(tmp_path)
    for name in ("sooner_test_alone.py", "sooner_test_package/__init__.py", "sooner_test_package/inner.py", "json.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise SystemExit(7)")
    (tmp_path / "sooner_test_folder").mkdir()
    return tmp_path.resolve()


@pytest.mark.parametrize(
    ("spec", "file"),
    [
        ("sooner_test_alone:net", "sooner_test_alone.py"),
        ("sooner_test_package:net", "sooner_test_package/__init__.py"),
        ("sooner_test_package.inner:nets.net", "sooner_test_package/inner.py"),
        ("sooner_test_package.absent:net", "sooner_test_package/__init__.py"),  # which would be run on the way there
    ],
)
def test_the_file_that_would_be_run_is_found_and_not_run(here: Path, spec: str, file: str) -> None:
    assert origin(spec) == str(here / file)
    assert not [name for name in sys.modules if name.startswith("sooner_test_")]


def test_what_is_imported_already_stays_where_it_is_from(here: Path) -> None:
    assert origin("json:loads") == sys.modules["json"].__file__
    assert origin("sys:exit") == "built-in"


@pytest.mark.parametrize("spec", ["sooner_test_absent:net", ":", "a b:c", "..:x", "\x00:x"])
def test_what_is_not_there_is_said(here: Path, spec: str) -> None:
    assert origin(spec) == f"nothing that is installed or in {here}"
