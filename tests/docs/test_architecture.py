"""What docs/architecture.md says of layers, files and functions is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.test_layers import LAYERS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sooner"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
FILES = sorted(set(re.findall(r"`([\w./-]+(?:\.py|/))`", PAGE)))


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, its head left out."""
    lines = PAGE.split(f"## {heading}", 1)[1].split("|---", 1)[1].splitlines()[1:]
    table = lines[: next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def functions(path: Path) -> set[str]:
    """The functions, classes and methods (`Class.method`) that a file defines."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def test_the_drawing_is_the_list_that_is_tested() -> None:
    drawn = PAGE.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    assert [tuple(row.split()) for row in reversed(drawn)] == list(LAYERS)


def test_every_part_is_explained_from_the_top_down() -> None:
    explained = [part.strip("`") for part, _ in rows("Layers")]
    assert explained == [part for layer in reversed(LAYERS) for part in layer]


@pytest.mark.parametrize("name", FILES)
def test_a_file_or_folder_that_is_named_exists(name: str) -> None:
    path = (SOURCE if (SOURCE / name).exists() else ROOT) / name
    assert path.is_dir() if name.endswith("/") else path.is_file()


def test_the_path_of_a_run_names_functions_that_are_there() -> None:
    path = rows("One run")
    assert len(path) > 20
    for file, function, _ in path:
        assert function.strip("`") in functions(SOURCE / file.strip("`")), f"{function} is not in {file}"


def test_the_path_of_a_run_goes_through_files_that_know_each_other() -> None:
    """Each file of the path but the first is imported by one before it."""
    files = list(dict.fromkeys(file.strip("`") for file, _, _ in rows("One run")))
    for place, file in enumerate(files[1:], 1):
        module = f"sooner.{file.removesuffix('.py').replace('/', '.')}"
        package = module.rpartition(".")[0]
        above, _, folder = package.rpartition(".")
        ways = {f"from {module} import", f"from {package} import", f"from {above} import {folder}"}
        before = "\n".join((SOURCE / each).read_text() for each in files[:place])
        assert any(re.search(rf"{way}\b", before) for way in ways), f"nothing before it imports {file}"


def test_a_word_of_the_glossary_stands_in_the_file_that_it_points_to() -> None:
    glossary = rows("Glossary")
    assert len(glossary) >= 20
    for word, _, file in glossary:
        text = (SOURCE / file.strip("`")).read_text().lower()
        assert all(part[:5] in text for part in word.lower().split()), f"{file} says nothing of '{word}'"
