"""What docs/conf.py does before and while Sphinx builds the site; Sphinx itself is not needed."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from sooner.registry import methods
from sooner.seams import SEAMS

CONF = Path(__file__).parents[2] / "docs" / "conf.py"


@pytest.fixture(scope="module")
def conf() -> ModuleType:
    spec = spec_from_file_location("conf", CONF)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rendered(conf: ModuleType, docstring: str) -> str:
    lines = docstring.split("\n")
    conf.as_markdown(None, "class", "", None, {}, lines)
    return "\n".join(lines)


def test_an_indented_block_is_code_and_arguments_are_none(conf: ModuleType) -> None:
    before = "It does\n\n    w -= lr |g|\n\nand so on.\n\nArgs:\n    lr: above 0.\n\n    g: too."
    after = "It does\n\n::\n\n    w -= lr |g|\n\nand so on.\n\nArgs:\n    lr: above 0.\n\n    g: too."
    assert rendered(conf, before) == after


def test_a_bar_is_a_bar_outside_code(conf: ModuleType) -> None:
    assert rendered(conf, "By |w|, as `a | b\nor c`.") == "By \\|w\\|, as `a | b\nor c`."


def test_a_plural_is_no_part_of_the_name(conf: ModuleType) -> None:
    assert rendered(conf, "Of `Batch`es and `Batch`.") == "Of `Batch`\\ es and `Batch`."


def test_the_reference_has_every_method_under_its_public_name(
    conf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "REFERENCE", tmp_path)
    (tmp_path / "gone.md").write_text("a package that is no more")
    conf.write_reference()
    pages = {page.stem: page.read_text() for page in tmp_path.iterdir()}
    assert set(pages) == {seam.name for seam in SEAMS} | set(conf.PAGES)
    for method in methods():
        directive = "autoclass" if isinstance(method.make, type) else "autofunction"
        assert f".. {directive}:: sooner.{method.seam}.{method.make.__name__}\n" in pages[method.seam]
        assert f"[{method.name}](../methods/{method.name}.md)" in pages[method.seam]
    assert ".. autofunction:: sooner.race\n" in pages["sooner"]
    assert ".. autoclass:: sooner.results.records.Results\n" in pages["results"]
