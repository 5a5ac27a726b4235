"""Every text of the page that depends on the target, by the place where the page shows it.

A place is a name; "place@attribute" is an attribute of the element there, and "place@html" all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sooner.reporting import format as words
from sooner.reporting.budgets import has_rungs, smallest
from sooner.reporting.headlines import Reading, confirmations, headlines
from sooner.reporting.page.forest import Axis
from sooner.reporting.tables import all_tables
from sooner.reporting.wording import verdict
from sooner.results.records import Results

_MOST_READ_OUT = 3  # lanes whose finding a screen reader announces when the target moves


def target_texts(results: Results, axis: Axis) -> dict[str, str]:
    """The texts of the race at the target of `results`, with the intervals drawn on `axis`."""
    lines = headlines(results)
    texts = {"goal": words.goal(results)}
    for i, headline in enumerate(lines):
        texts[f"headline.{i}"] = headline.sentence
        if has_rungs(results):
            texts[f"headline.{i}.smallest"] = smallest(results, headline.lane)
        for j, reading in enumerate(headline.readings):
            texts.update(_reading(f"headline.{i}.{j}", reading, axis))
    for j, reading in enumerate(confirmations(results)):
        texts.update(_reading(f"fresh.{j}", reading, axis))
    for table in all_tables(results).values():
        texts.update(table.texts())
    announced = [f"{headline.lane.name} {headline.sentence}" for headline in lines[:_MOST_READ_OUT]]
    texts["announcement"] = " ".join([f"At {words.goal(results)}:", *announced])
    return texts


def _reading(place: str, reading: Reading, axis: Axis) -> Iterator[tuple[str, str]]:
    drawing, text = axis.draw(reading.comparison), verdict(reading.comparison)
    yield f"{place}@data-tone", reading.tone
    yield f"{place}.verdict", words.sentence(text)
    yield f"{place}.forest@style", drawing.style
    yield f"{place}.forest@data-marks", drawing.marks
    yield f"{place}.forest@aria-label", f"Interval on a logarithmic axis around 1x: {text}"
