"""What messages tell to install is right before there is a release, too."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from sooner import _extras

ROOT = Path(__file__).parents[1]
REQUIRES = [
    "numpy",
    "torch>=2.8",
    "ray>=2.40; extra == 'ray'",
    'nvidia-ml-py; extra == "energy"',
    "alembic; extra == 'mlflow'",
    "mlflow-skinny>=3; extra == 'mlflow'",
    "tensorboard; extra == 'tensorboard'",
]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The packages that are installed; sooner was installed with `REQUIRES`."""
    installed: set[str] = set()

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "requires", lambda name: REQUIRES)
    monkeypatch.setattr(metadata, "version", version)
    return installed


def test_the_packages_themselves_are_named(there: set[str]) -> None:
    assert _extras.pip_install("ray") == "pip install 'ray>=2.40'"
    assert _extras.pip_install("energy") == "pip install nvidia-ml-py"
    assert _extras.pip_install("mlflow") == "pip install alembic 'mlflow-skinny>=3'"


def test_of_several_those_that_are_missing_else_all(there: set[str]) -> None:
    there.add("alembic")
    assert _extras.pip_install("mlflow") == "pip install 'mlflow-skinny>=3'"
    there.add("mlflow-skinny")
    assert _extras.pip_install("mlflow") == "pip install alembic 'mlflow-skinny>=3'"


def test_where_sooner_was_never_installed_the_clone_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert _extras.pip_install("ray") == "pip install -e '.[ray]' in the folder of sooner's clone"


def test_nothing_tells_to_install_sooner_from_an_index() -> None:
    """Until there is a release `pip install sooner` installs nothing, or what somebody else calls so."""
    files = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    ]
    told = re.compile(r"pip install\s+(-\S+\s+)*['\"]?sooner\b")
    assert [str(path) for path in files if told.search(path.read_text(encoding="utf-8"))] == []
