"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sooner.errors import StoreError
from sooner.racing.results import Lane, Results
from sooner.reporting import _format as words
from sooner.reporting._belief import checks
from sooner.reporting._forest import forests
from sooner.reporting._protocol import protocol
from sooner.reporting._rows import (
    COMPARISON_COLUMNS,
    LANE_COLUMNS,
    RUN_COLUMNS,
    comparison_rows,
    lane_rows,
    run_rows,
)
from sooner.reporting._style import lane_styles
from sooner.reporting._verdicts import headlines
from sooner.reporting.figures import all_figures

_HERE = Path(__file__).parent


def write_page(results: Results, path: Path) -> None:
    """Write the report of `results` to `path`, whole or not at all: a file that is there is replaced at the end.

    The page holds plotly.js (4.8 MB) once, works offline and makes no request. Takes a fraction of a second.

    Raises:
        StoreError: the file cannot be written.
    """
    text = render(results)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(
            f"the report cannot be written to {path}: {error.strerror or error}; "
            "make room or choose a folder that can be written, then run `sooner report` on the race's folder"
        ) from error


def render(results: Results) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters["sentence"] = words.sentence
    found = headlines(results)
    verdicts = [reading.comparison for headline in found for reading in headline.readings]
    styles = lane_styles(results)
    figures = all_figures(results, styles)
    return environment.get_template("page.html.j2").render(
        results=results,
        goal=words.goal(results),
        started=words.moment(results.started),
        styles={lane.name: style for lane, style in zip(results.lanes, styles, strict=True)},
        headlines=found,
        drawings={(c.lane, c.against): drawing for c, drawing in zip(verdicts, forests(verdicts), strict=True)},
        checks=checks(results),
        lane_rows=lane_rows(results),
        run_rows=run_rows(results),
        comparison_rows=comparison_rows(results),
        lane_columns=("Lane", *LANE_COLUMNS),
        run_columns=("Lane", *RUN_COLUMNS),
        comparison_columns=("Lane", *COMPARISON_COLUMNS),
        figures=figures,
        plots={figure.key: [panel.plots for panel in figure.panels] for figure in figures},
        recipes={lane.name: _recipe(lane) for lane in results.lanes},
        protocol=protocol(results),
        facts={
            "Machine": _facts({"device": results.device, **results.machine}),
            "Versions": _facts(results.versions),
            "Data": _facts(results.data),
        },
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        js=Markup((_HERE / "page.js").read_text(encoding="utf-8")),
        plotly=Markup(get_plotlyjs()),
    )


def _recipe(lane: Lane) -> str:
    """The complete recipe as YAML."""
    import yaml

    plain = json.loads(json.dumps(lane.recipe, default=str))  # YAML would write tuples and paths as Python objects
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))


def _facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of a machine or a data set, as pairs of words."""
    return [_named(key, _fact(value)) for key, value in values.items() if value is not None]


def _named(key: str, text: str) -> tuple[str, str]:
    """A key of the results as people would write it, its unit behind the value."""
    if key.endswith("_gib"):
        key, text = key.removesuffix("_gib"), f"{text} GiB"
    return key.removeprefix("n_").replace("_", " "), text


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        shown = ", ".join(_fact(item) for item in value[:12])
        return f"{shown}, ... ({len(value)} in all)" if len(value) > 12 else shown
    return str(value)
