"""Where the module of a `module:name` lies, found without importing anything."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path


def names_code(spec: str) -> bool:
    """Whether a model's name is `module:factory`, which is imported and called."""
    return ":" in spec


def origin(spec: str) -> str:
    """The file that importing the module of `module:name` from the working directory would run, as people read it.

    Of a package within a package it is the innermost file that is there; those around it are run, too. "nothing that
    is installed or in ..." where there is none.
    """
    found: ModuleSpec | None = None
    path: Sequence[str] = [str(Path.cwd()), *sys.path]
    name = ""
    for part in spec.partition(":")[0].split("."):
        name = f"{name}.{part}" if name else part
        inner = _find(name, path)
        if inner is None:
            break
        found, path = inner, inner.submodule_search_locations or []
    if found is None:
        return f"nothing that is installed or in {Path.cwd()}"
    return str(Path(found.origin).resolve()) if found.has_location and found.origin else f"{found.origin or 'a folder'}"


def _find(name: str, path: Sequence[str]) -> ModuleSpec | None:
    if name in sys.modules:  # what is imported is not looked for again
        return sys.modules[name].__spec__
    for finder in (BuiltinImporter, FrozenImporter) if "." not in name else ():
        if (spec := finder.find_spec(name)) is not None:
            return spec
    try:
        if (spec := PathFinder.find_spec(name, path)) is not None or "." in name:
            return spec
    except (ImportError, ValueError):
        return None
    for other in sys.meta_path:  # of packages that are installed as links to their source
        if other not in (BuiltinImporter, FrozenImporter, PathFinder) and hasattr(other, "find_spec"):
            try:
                spec = other.find_spec(name, None)
            except (ImportError, ValueError):
                continue
            if spec is not None:
                return spec
    return None
