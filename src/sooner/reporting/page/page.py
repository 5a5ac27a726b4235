"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sooner import files
from sooner._text import shown
from sooner.errors import StoreError
from sooner.reporting import format as words
from sooner.reporting.checks import checks
from sooner.reporting.figures import Figure, all_figures, moved_figures
from sooner.reporting.headlines import confirmations, headlines
from sooner.reporting.packed import packed, packed_data, packed_plotly
from sooner.reporting.page import citation
from sooner.reporting.page.changes import plot_changes, text_changes
from sooner.reporting.page.facts import facts
from sooner.reporting.page.forest import Axis, axis_of
from sooner.reporting.page.protocol import protocol
from sooner.reporting.page.targets import Moments, moments
from sooner.reporting.page.texts import target_texts
from sooner.reporting.style import lane_styles
from sooner.reporting.summary import contestants
from sooner.reporting.tables import all_tables
from sooner.results.records import Lane, Results

_HERE = Path(__file__).parents[1] / "web"
_SCRIPTS = ("unpack", "figures", "tables", "target", "citation", "paper")
_STYLES = ("base", "target", "verdicts", "tables", "figures", "rest", "narrow", "paper")


def write_page(results: Results, path: Path) -> None:
    """Write the report of `results` to `path`, whole or not at all: a file that is there is replaced at the end.

    The page holds plotly.js (0.5 MB, compressed) once, works offline and makes no request. It holds the race scored at
    up to 80 targets, too, which takes from half a second for three lanes to some ten for thirty. The page of a small
    race has 1 MB, that of 10 lanes, 20 pairs and 100 looks 1.8 MB.

    Raises:
        StoreError: the file cannot be written.
    """
    text = render(results)
    try:
        files.write_text(path, text)
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {path}: {error.strerror or error}; "
            "make room or choose a folder that can be written, then run `sooner report` on the race's folder"
        ) from error


def render(results: Results) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    scored = moments(results)
    results = scored.race
    axis = axis_of(c for race in scored.results for c in race.comparisons if c.clock == "wall")
    styles = lane_styles(results)
    figures = all_figures(results, styles)
    doubts = environment.get_template("checks.html.j2")
    texts = [_texts(race, axis, doubts) for race in scored.results]
    changes = text_changes(texts)
    return environment.get_template("page.html.j2").render(
        results=results,
        contestants=contestants(results),
        number_of=words.number_of,
        pairs=words.number_of(results.pairs, "pair"),
        started=words.moment(results.started),
        styles={lane.name: style for lane, style in zip(results.lanes, styles, strict=True)},
        now={place: Markup(text) if place.endswith("@html") else text for place, text in texts[scored.own].items()},
        moving={place.split("@")[0] for place in changes["places"]},
        own=scored.own,
        targets=[words.goal(race) for race in scored.results],
        before="" if results.set_before is None else words.goal(replace(results, target=results.set_before)),
        axis=axis,
        headlines=headlines(results),
        confirmations=confirmations(results),
        tables=all_tables(results),
        figures=figures,
        data=packed_data(
            {
                "plots": {figure.key: [panel.plot for panel in figure.panels] for figure in figures},
                "changes": {"own": scored.own, **changes, "plots": _moves(scored, figures)},
            }
        ),
        recipes={lane.name: _recipe(lane) for lane in results.lanes},
        protocol=protocol(results),
        citation={"plain": citation.plain(results), "bibtex": citation.bibtex(results)},
        facts=facts(results),
        css=Markup("\n".join(_read(f"{name}.css") for name in _STYLES)),
        js=Markup("\n".join(_read(f"{name}.js") for name in _SCRIPTS)),
        plotly=packed_plotly() if figures else packed(""),
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _texts(results: Results, axis: Axis, doubts: Any) -> dict[str, str]:
    """Every text of the page that depends on the target."""
    return {**target_texts(results, axis), "checks@html": doubts.render(checks=checks(results))}


def _moves(scored: Moments, figures: list[Figure]) -> list[dict[str, Any]]:
    """What changes in the figures at each target, by figure and panel."""
    styles = lane_styles(scored.race)
    base = {figure.key: figure for figure in figures}
    moves = []
    for at in scored.results:
        moved = moved_figures(scored.race, styles, at) if at is not scored.race else []
        moves.append({figure.key: _changed(base[figure.key], figure) for figure in moved})
    return moves


def _changed(figure: Figure, moved: Figure) -> dict[str, Any]:
    panels = [plot_changes(before.plot, after.plot) for before, after in zip(figure.panels, moved.panels, strict=True)]
    return {"alt": moved.alt, "panels": panels}


def _recipe(lane: Lane) -> str:
    """The complete recipe as YAML."""
    import yaml

    plain = json.loads(json.dumps(lane.recipe, default=str))  # YAML would write tuples and paths as Python objects
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))
