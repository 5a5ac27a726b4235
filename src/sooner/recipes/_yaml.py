"""YAML as a recipe needs it: plain data only, no key twice, and 5e-4 a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sooner import files
from sooner.errors import RecipeError


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, made stricter."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                raise _at(key, "a key must be text")
            if key.value in seen:
                raise _at(key, f"the key '{key.value}' is there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _at(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


# YAML 1.1, which PyYAML reads, takes 5e-4 for text, since it has neither a dot nor a sign; YAML 1.2 and everyone who
# writes learning rates takes it for a number.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read(path: Path) -> dict[str, Any]:
    """The mapping in the file. Raises RecipeError naming the file, and the line of a mistake in its syntax."""
    try:
        fields = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise RecipeError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RecipeError(f"{path}{where}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: is not YAML: {error}") from None
    if not isinstance(fields, dict):
        what = "it is empty" if fields is None else f"it holds a {type(fields).__name__}"
        raise RecipeError(f"{path}: a recipe is a mapping of fields, such as 'budget: 0.1x'; {what}")
    return fields


def write(path: Path, fields: dict[str, Any]) -> None:
    """Write `fields` for `read`, in their order."""
    files.write_text(path, yaml.safe_dump(fields, sort_keys=False, allow_unicode=True))
