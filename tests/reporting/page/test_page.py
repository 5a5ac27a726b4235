from __future__ import annotations

import dataclasses
import json
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sooner.errors import StoreError
from sooner.reporting import write_page
from sooner.reporting.packed import unpacked
from sooner.reporting.page.page import render
from sooner.results.notices import Told
from sooner.results.records import Lane, Results
from sooner.results.rescoring import withhold
from sooner.results.verdict import Cause, Reason
from tests.reporting.races import compared, race, realistic, run

NASTY = "<img src=x onerror=alert(1)>&\"'</script>"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its text, and the content of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data

    @property
    def plots(self) -> dict[str, Any]:
        return dict(json.loads(self.data)["plots"])

    @property
    def data(self) -> str:
        return unpacked(self.scripts[1])


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(realistic()))


def test_the_page_needs_nothing_else(page: Page) -> None:
    for tag, attributes in page.tags:
        for name in ("src", "href", "action", "data", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
    assert len(page.scripts) == 3
    assert unpacked(page.scripts[0]).count("plotly.js (basic - minified)") == 1
    policies = [attributes for tag, attributes in page.tags if attributes.get("http-equiv")]
    assert "default-src 'none'" in str(policies[0]["content"])


def test_verdicts_come_before_figures_and_figures_before_runs(page: Page) -> None:
    told = ["Who reaches 90% accuracy on fashion_mnist first?", "not shown to differ from the baseline or its fitted",
            "Whether to believe it", "Accuracy against time", "Who has reached it by when", "Every run", "Recipes",
            "How it was done", "Cite it"]  # fmt: skip
    text = page.text[page.text.index(told[0]) :]
    places = [text.index(words, 400 if i > 1 else 0) for i, words in enumerate(told)]
    assert places == sorted(places)


def test_everything_is_on_it(page: Page) -> None:
    for words in (
        "No difference shown: at most 2.47x (95% CI, 6 pairs; missed the target in 1).",
        "loss became nan at step 214",
        "weight_decay: 0.0005",
        "added for rs2-30",
        "Some CPU",
        "train and validation",
        "convnet-16",
    ):
        assert words in page.text
    assert len(re.findall(r">(?:reached|missed)<", render(realistic()))) == 18
    assert list(page.plots) == ["metric", "ratio", "pairs", "survival", "phases"]


def test_figures_are_described_and_tables_have_headers(page: Page) -> None:
    plots = [attributes for tag, attributes in page.tags if attributes.get("class") == "plot"]
    assert len(plots) == 6
    assert all(attributes["role"] == "img" and len(attributes["aria-label"] or "") > 40 for attributes in plots)
    assert [tag for tag, _ in page.tags if tag in ("main", "header", "footer", "nav", "h1")] == [
        "header", "h1", "nav", "main", "footer",
    ]  # fmt: skip
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert all(attributes.get("scope") in ("col", "row") for attributes in headers)


def test_ids_are_unique_and_references_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert {str(link)[1:] for link in links} | set(labels) <= set(ids)


def test_every_colour_has_a_value_in_light_and_in_dark(page: Page) -> None:
    web = Path(__file__).parents[3] / "src/sooner/reporting/web"
    light, dark = (web / "base.css").read_text().split("@media screen", 1)
    css = "".join(path.read_text() for path in web.glob("*.css"))
    used = set(re.findall(r"var\((--[\w-]+)\)", page.data))
    used |= {
        name for _, attributes in page.tags for name in re.findall(r"var\((--[\w-]+)\)", attributes.get("style") or "")
    }
    used |= set(re.findall(r"var\((--[\w-]+)\)", css))
    used -= set(re.findall(r"(--[\w-]+):", css.replace(light, "").replace(dark, ""))) | {
        "--one",
        "--low",
        "--high",
        "--ratio",
        "--own",
    }
    assert len(used) > 10
    for name in used:
        assert f"{name}:" in light, name
        assert f"{name}:" in dark.split("* {")[0] or name in ("--sans", "--serif", "--mono"), name


def nasty() -> Results:
    lanes = [
        Lane("baseline", "baseline", {"note": NASTY}, [run([0.1, 0.9])]),
        Lane(NASTY, "lane", {"sampling": "x"}, [run([0.1, 0.3], stopped=NASTY)]),
    ]
    reasons = [Reason(Cause.CLOCK_DISTURBED, (NASTY,))]
    return race(
        lanes, [withhold(compared(NASTY, "baseline", 1.5, 1.2, 1.9), reasons)],
        task=NASTY, model=NASTY, notices=[Told(NASTY)], machine={NASTY: NASTY}, data={"classes": [NASTY]},
        device=NASTY, started=NASTY, versions={"sooner": NASTY},
    )  # fmt: skip


def test_no_name_becomes_markup() -> None:
    page = Page(render(nasty()))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert len(page.scripts) == 3
    assert page.text.count(NASTY) >= 15
    ticks = page.plots["pairs"][0]["layout"]["yaxis"]["ticktext"]
    assert ticks[1].startswith("&lt;img src=x "), "plotly reads its text as HTML"


@pytest.mark.parametrize("lanes", [[], [Lane("baseline", "baseline", {}, [])]])
def test_a_race_without_runs_is_a_page_without_figures(lanes: list[Lane]) -> None:
    page = Page(render(race(lanes, complete=False)))
    assert page.plots == {}
    assert "This race is not finished" in page.text
    assert "nothing to compare" in page.text


def test_a_baseline_alone_has_figures_but_no_ratio() -> None:
    page = Page(render(race([Lane("baseline", "baseline", {}, [run([0.1, 0.9])])])))
    assert list(page.plots) == ["metric", "pairs", "survival", "phases"]


def test_a_page_is_under_a_megabyte() -> None:
    assert len(render(realistic()).encode()) < 1_000_000


def test_twelve_lanes_and_many_evaluations_stay_under_two_megabytes() -> None:
    draw = random.Random(0)
    lanes = []
    for i in range(12):
        metrics = [[0.9 - 0.8 * 0.97**look + draw.gauss(0, 0.01) for look in range(200)] for _ in range(12)]
        lanes.append(
            Lane(
                f"lane-{i}" if i else "baseline",
                "lane" if i else "baseline",
                {},
                [run(each, seed=seed, target=0.8, slow=draw.uniform(1, 1.1)) for seed, each in enumerate(metrics)],
            )
        )
    assert len(render(race(lanes, target=0.8)).encode()) < 2_000_000


def test_facts_read_as_people_write_them() -> None:
    text = render(
        race(
            [],
            machine={"memory_gib": 7.8, "cuda": None},
            data={"n_test": 10000, "classes": [*range(40)], "validation_share": 1 / 3},
        )
    )
    assert "<dt>memory</dt><dd>7.8 GiB</dd>" in text
    assert "<dt>test</dt><dd>10,000</dd>" in text
    assert "10, 11, ... (40 in all)" in text
    assert "<dt>validation share</dt><dd>0.3333</dd>" in text
    assert "cuda" not in Page(text).text


def test_written_in_one_piece_over_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_page(race([]), path)
    assert path.read_text(encoding="utf-8") == render(race([]))
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.mkdir()
    with pytest.raises(StoreError, match=r"report.*cannot be written.*sooner report"):
        write_page(race([]), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(StoreError, match="No such file"):
        write_page(race([]), tmp_path / "missing" / "report.html")


def test_results_read_back_from_json_make_the_same_page() -> None:
    results = realistic()
    assert render(Results.from_json(results.to_json())) == render(results)


def test_a_recipe_with_python_values_is_still_plain_yaml() -> None:
    lane = Lane("baseline", "baseline", {"betas": (0.9, 0.95), "at": Path("x")}, [])
    text = Page(render(dataclasses.replace(race([]), lanes=[lane]))).text
    assert "betas:\n- 0.9\n- 0.95\nat: x" in text
