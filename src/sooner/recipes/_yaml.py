"""YAML as a recipe needs it: plain data only and not too much of it, no key twice, and 5e-4 a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sooner import files
from sooner.errors import RecipeError
from sooner.recipes._problems import shown

_LARGEST = 2**20  # bytes
_DEEPEST = 40  # collections within each other
_MOST = 10_000  # values, each alias counted as often as what it stands for

_LARGEST_NUMBER = 2**63


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, made stricter: what aliases blow up, or stands too deep to be read, is refused first."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._measured: dict[yaml.Node, tuple[int, int]] = {}  # values in it, and how deep it goes; keeps them alive

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if self._depth > _DEEPEST:
            raise _at(event, f"this stands in more than {_DEEPEST} lists and mappings within each other")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None or node in self._measured:
            return node
        if isinstance(event, yaml.AliasEvent):
            raise _at(event, f"'{event.anchor}' stands within what it is the name of")
        within = [self._measured[part] for part in _parts(node)]
        values, depth = 1 + sum(each for each, _ in within), 1 + max((each for _, each in within), default=0)
        if values > _MOST or depth > _DEEPEST:
            raise _at(event, f"with its aliases this is more than {_MOST:,} values, or {_DEEPEST} within each other")
        self._measured[node] = values, depth
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            made = super().construct_object(node, deep)
            if isinstance(made, int) and abs(made) >= _LARGEST_NUMBER:
                raise ValueError("it has more than 64 bits")
            return made
        except (ValueError, OverflowError) as error:  # a number of 5,000 digits, the 45th of May
            raise _at(node, f"{shown(node.value)} cannot be read: {error}") from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                raise _at(key, "a key must be text")
            if key.value in seen:
                raise _at(key, f"the key '{key.value}' is there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    """What a list or a mapping holds, keys included."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _at(node: yaml.Node | yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)  # type: ignore[arg-type]  # a mark of either reader


# YAML 1.1, which PyYAML reads, takes 5e-4 for text, since it has neither a dot nor a sign; YAML 1.2 and everyone who
# writes learning rates takes it for a number.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read(path: Path) -> dict[str, Any]:
    """The mapping in the file. Raises RecipeError naming the file, and the line of a mistake in its syntax."""
    try:
        if path.exists() and not path.is_file():
            raise RecipeError(f"{path}: cannot be read: it is no file; give the YAML file of a recipe")
        if path.stat().st_size > _LARGEST:
            raise RecipeError(f"{path}: is {path.stat().st_size:,} bytes; a recipe is a few lines of YAML")
        fields = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise RecipeError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path that is none
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
