"""How Sphinx builds the site: `make docs`. Pages are the repository's own Markdown; the reference is from docstrings.

The source folder is the repository's root, so that links from page to page, to an example or to a benchmark hold here
and on the repository's own pages alike. The pages of the reference are written here, one for each package, so that a
new method or seam has its place without a line of anyone's. Nothing on the site is fetched from the network.
"""

from __future__ import annotations

import re
from enum import Enum
from importlib import import_module
from inspect import isclass, isroutine
from pathlib import Path
from typing import TYPE_CHECKING

from sooner import __version__
from sooner.registry import methods
from sooner.seams import SEAMS

if TYPE_CHECKING:  # tests load this file, and have no Sphinx
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
# Beside the seams' packages: the title of a page, and the modules whose public names are on it.
PAGES = {
    "sooner": ("sooner", "sooner.commands.race_result"),
    "schedules": ("sooner.schedules", "sooner.budget"),
    "integrations": (
        "sooner.integrations",
        "sooner.integrations.accelerate",
        "sooner.integrations.lightning",
        "sooner.integrations.transformers",
    ),
    "recipes": ("sooner.recipes",),
    "tasks": ("sooner.tasks",),
    "results": ("sooner.results.records", "sooner.results.verdict", "sooner.results.notices"),
    "registry": ("sooner.registry", "sooner.combining", "sooner.seams"),
}

FURTHER = {"results": "What each field means: [results.json](../results.md)."}
# Pages that list those below them, and where these are.
ABOVE = {"docs/methods/README": "*", "benchmarks/README": "*/README"}

project = "sooner"
version = release = __version__
root_doc = "docs/index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**.md", "benchmarks/**README.md"]
exclude_patterns = ["docs/_build/**"]

html_theme = "furo"
html_title = f"sooner {version}"
html_additional_pages = {"index": "to-index.html"}
html_copy_source = False
html_show_copyright = False
templates_path = ["_templates"]

myst_heading_anchors = 3
default_role = "py:obj"  # `Name` in a docstring is a link where there is such a name, else code
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 100
napoleon_use_ivar = True
napoleon_use_rtype = False


def public(module: str) -> list[tuple[str, str]]:
    """The classes and functions that a module offers, each with Sphinx's directive for it, methods last.

    Those of `__all__`, else those that it defines; of a package those that it imports from below it, too.
    """
    known = import_module(module)
    own = "sooner." if hasattr(known, "__path__") else module
    made = {method.make for method in methods()}
    found = []
    for name in getattr(known, "__all__", dir(known)):
        each = getattr(known, name)
        if name.startswith("_") or not str(getattr(each, "__module__", "")).startswith(own):
            continue
        if isclass(each) or isroutine(each):
            found.append((each in made, name, "autoclass" if isclass(each) else "autofunction"))
    return [(name, directive) for _, name, directive in sorted(found)]


def write_reference() -> None:
    """Write the pages of the reference; git ignores them."""
    REFERENCE.mkdir(exist_ok=True)
    seams = {seam.name: (seam.package,) for seam in SEAMS}
    shown: set[object] = set()  # what two packages offer is indexed once
    for title, modules in (seams | PAGES).items():
        lines = [f"# {title}", ""]
        if title in seams:
            cards = (f"[{method.name}](../methods/{method.name}.md)" for method in methods(seam=title))
            lines += [f"The card of each method: {', '.join(cards)}.", ""]
        lines += [FURTHER[title], ""] if title in FURTHER else []
        lines.append("```{eval-rst}")
        for module in modules:
            lines += [f".. automodule:: {module}", ""]
            for name, directive in public(module):
                each = getattr(import_module(module), name)
                options = [":members:"] if isclass(each) else []
                options += [":show-inheritance:"] if isclass(each) and each.__bases__ != (object,) else []
                options += [":undoc-members:"] if isclass(each) and issubclass(each, Enum) else []
                options += [":no-index:"] if each in shown else []
                lines += [f".. {directive}:: {module}.{name}", *(f"   {option}" for option in options), ""]
                shown.add(each)
        text = "\n".join([*lines, "```", ""])
        page = REFERENCE / f"{title}.md"
        if not page.exists() or page.read_text() != text:  # an old time of change saves building it again
            page.write_text(text)
    for page in REFERENCE.glob("*.md"):
        if page.stem not in seams | PAGES:
            page.unlink()


def as_markdown(app: Sphinx, what: str, name: str, each: object, options: dict[str, bool], lines: list[str]) -> None:
    """Let a docstring be Markdown where that differs: an indented block is code, | is a bar, and `Batch`es a plural."""
    blocks: list[tuple[bool, list[str]]] = [(False, [])]
    paragraph = True  # whether the last line of text was not indented, so that an indented one after a gap is code
    for line in lines:
        code, block = blocks[-1]
        if line:
            indented = line.startswith("    ")
            if not code and indented and paragraph and block and not block[-1]:
                blocks.append((True, ["::", ""]))
            elif code and not indented:
                blocks.append((False, []))
            paragraph = not indented
        blocks[-1][1].append(line)
    lines.clear()
    for code, block in blocks:
        text = "\n".join(block)
        if not code:
            text = re.sub(r"(`[^`]*`)(\w?)|\|", _escaped, text)
        lines += text.split("\n")


def with_factories(
    app: Sphinx,
    what: str,
    name: str,
    each: object,
    options: dict[str, bool],
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """The default of a data class's field that is made anew, as Python: Sphinx reads signatures as such."""
    return signature and signature.replace("<factory>", "..."), returned


def _escaped(found: re.Match[str]) -> str:
    span, letter = found.groups()
    return (f"{span}\\ {letter}" if letter else span) if span else "\\|"


def for_the_site(app: Sphinx, page: str, text: list[str]) -> None:
    """Give a page what only the site has: the pages below it in the navigation, and from a card to its docstring."""
    if page in ABOVE:
        text[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{ABOVE[page]}\n```\n"
    if page.startswith("docs/methods/"):
        text[0] = re.sub(r"The docstring of (`[\w.]+`)", r"The docstring of {py:obj}\1", text[0])


def setup(app: Sphinx) -> None:
    """Called by Sphinx before it looks for pages."""
    write_reference()
    app.connect("source-read", for_the_site)
    app.connect("autodoc-process-docstring", as_markdown, priority=400)  # before Napoleon's 500
    app.connect("autodoc-process-signature", with_factories)
