"""The layers of the house: a package imports only from its own layer and those below, and nothing imports in a circle.

`docs/architecture.md` draws the same list. Imports inside functions count: what is loaded late is still depended on.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "sooner"
# Lowest first. A name is a package, or a file, of `src/sooner`.
LAYERS = (
    (
        "_version",
        "errors",
        "random",
        "_extras",
        "_names",
        "_arguments",
        "_modules",
        "_words",
        "_sharded",
        "files",
        "budget",
        "schedules",
        "batch",
        "batch_norm",
        "_report",
    ),
    ("seams", "registry", "combining"),
    ("sampling", "augmentation", "losses", "optim", "batching", "sparsity", "structure", "averaging"),
    ("tasks", "recipes", "integrations"),
    ("training",),
    ("statistics",),
    ("results",),
    ("racing",),
    ("reporting",),
    ("cards",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
# The package itself looks its public names up when they are used.
LATE = {"sooner"}
# statistics is pure: what it may load besides the standard library.
PURE = {"numpy", "scipy"}


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = ("sooner", *path.relative_to(SOURCE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str, text: str) -> set[str]:
    """The modules that a module's text imports, wherever in it; those of the package by their full name.

    A string that is a module's name counts as well: it is what `import_module` and tables of late names are given.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively; name the whole path"
            base = node.module or ""
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in MODULES else base)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in MODULES:
            found |= {node.value} - {"sooner"}
    # By way of the package itself everything can be reached, from any layer.
    assert name in LATE or "sooner" not in found, f"{name} imports from sooner itself; name the module that has it"
    return found


IMPORTS = {name: imports(name, path.read_text()) for name, path in MODULES.items()}


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("import sooner.racing.plan.plan as plan", "sooner.racing.plan.plan"),
        ("from sooner import racing", "sooner.racing"),
        ("def f():\n    from sooner.racing.race import race", "sooner.racing.race"),
        ("if TYPE_CHECKING:\n    from sooner.racing import race", "sooner.racing.race"),
        ("import_module('sooner.racing')", "sooner.racing"),
        ("_WHERE = {'race': 'sooner.racing.race'}", "sooner.racing.race"),
    ],
)
def test_an_import_is_seen_however_it_is_written(text: str, module: str) -> None:
    assert module in imports("sooner.sampling.rs2", text)


@pytest.mark.parametrize("text", ["import sooner", "from sooner import race", "from ..racing import race"])
def test_an_import_that_hides_what_is_meant_is_refused(text: str) -> None:
    with pytest.raises(AssertionError, match=r"sooner\.sampling\.rs2 imports (relatively|from sooner itself)"):
        imports("sooner.sampling.rs2", text)


def layer(name: str) -> int:
    part = name.split(".")[1]
    return next(height for height, parts in enumerate(LAYERS) if part in parts)


def test_every_module_has_a_layer() -> None:
    parts = {name.split(".")[1] for name in MODULES if "." in name}
    assert parts == {part for parts in LAYERS for part in parts}


@pytest.mark.parametrize("name", sorted(set(MODULES) - LATE))
def test_nothing_is_imported_from_a_layer_above(name: str) -> None:
    own = {other for other in IMPORTS[name] if other.startswith("sooner.")}
    above = sorted(other for other in own if layer(other) > layer(name))
    assert not above, f"{name} imports {', '.join(above)} from above; move what it needs down, or itself up"


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of more than one node that reach each other (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {name: {other for other in IMPORTS[name] if other in MODULES} - LATE - {name} for name in MODULES}
    assert circles(graph) == []


def test_no_packages_import_each_other_in_a_circle() -> None:
    packages = {name: name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0] for name in MODULES}
    graph: dict[str, set[str]] = {package: set() for package in packages.values()}
    for name in set(MODULES) - LATE:
        for other in IMPORTS[name] & set(MODULES):
            here, there = packages[name], packages[other]
            inside = here.startswith(f"{there}.") or there.startswith(f"{here}.")  # a folder is its files' own affair
            if here != there and not inside and there != "sooner":
                graph[here].add(there)
    assert circles(graph) == []


def test_statistics_is_pure() -> None:
    import sys

    for name in MODULES:
        if name.startswith("sooner.statistics"):
            others = {other.partition(".")[0] for other in IMPORTS[name]} - sys.stdlib_module_names
            inside = {other for other in IMPORTS[name] if other.startswith("sooner.")}
            assert others <= PURE | {"sooner"}, f"{name} loads {sorted(others - PURE)}"
            assert all(other.startswith(("sooner.statistics", "sooner.random")) for other in inside), name


def test_methods_need_torch_and_numpy_alone() -> None:
    import sys

    allowed = {"torch", "numpy", "sooner", "pytorch_optimizer"}  # the last in an extra, imported when it is used
    for name in MODULES:
        if "." in name and layer(name) <= 2:
            others = {other.partition(".")[0] for other in IMPORTS[name]} - sys.stdlib_module_names
            assert others <= allowed, f"{name} imports {sorted(others - allowed)}"
