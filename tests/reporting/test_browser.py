"""The page in a real Chromium, driven as its readers do: by mouse, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sooner.reporting import format as words
from sooner.reporting import write_page
from sooner.reporting.headlines import headlines
from sooner.reporting.page.targets import choices
from sooner.reporting.suite import write_suite
from sooner.reporting.tables import all_tables
from sooner.reporting.wording import verdict
from sooner.results.records import Results
from sooner.results.rescoring import rescore
from tests.reporting.races import fitted, realistic

RACE = realistic(price_per_hour=2.5)
CONFIRMED = rescore(
    dataclasses.replace(
        RACE,
        confirmation={
            lane.name: [dataclasses.replace(run, seed=run.seed + 1_000_000) for run in lane.runs]
            for lane in realistic(seed=1).lanes[:2]
        },
    )
)
WAIT = "new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 60))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        # Without a path playwright's own, which `playwright install chromium` brings. A container has no sandbox.
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, results in (("race", RACE), ("fitted", fitted()), ("confirmed", CONFIRMED)):
        write_page(results, folder / f"{name}.html")
    return {path.stem: path for path in folder.glob("*.html")}


class Visit:
    """A page that was opened, and what it complained about and asked the network for."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        self.settle()

    def settle(self) -> None:
        self.page.evaluate(WAIT)

    def figures(self) -> None:
        """Scroll past every figure, so that each is drawn."""
        for plot in self.page.locator(".plot").all():
            plot.scroll_into_view_if_needed()
            self.settle()

    def slide(self, target: float, results: Results = RACE) -> None:
        """Move the slider to the choice nearest to `target` by the keyboard."""
        goals = [words.goal(rescored(results, each)) for each in choices(results, 80)]
        wanted = words.goal(rescored(results, target))
        now = self.page.locator("#target")
        now.focus()
        steps = goals.index(wanted) - int(now.input_value())
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        self.settle()
        assert self.page.locator("output").inner_text() == wanted

    def lanes_drawn(self, figure: str) -> set[str]:
        return set(self.page.evaluate(
            "figure => [...document.querySelectorAll(`[data-figure=${figure}]`)].flatMap(place => place.data)"
            ".filter(trace => trace.meta?.lane !== undefined).map(trace => String(trace.meta.lane))", figure,
        ))  # fmt: skip

    def rows(self, table: str) -> list[list[str]]:
        texts: list[list[str]] = self.page.evaluate(
            "id => [...document.querySelectorAll(`#${id} tbody tr`)].map(row => [...row.cells].map(cell => "
            "[...cell.querySelectorAll(':scope > span')].map(span => span.textContent)[0] ?? cell.textContent.trim()))",
            f"table-{table}",
        )
        return texts


def rescored(results: Results, target: float) -> Results:
    return dataclasses.replace(results, target=target)


@pytest.fixture
def visit(browser: Browser, files: dict[str, Path]) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Visit(page, files["race"])
    page.close()


def expected(results: Results, key: str) -> list[list[str]]:
    return [[row.lane, *(cell.text for cell in row.cells)] for row in all_tables(results)[key].rows]


@pytest.mark.parametrize("name", ["race", "fitted", "confirmed"])
def test_no_complaint_and_no_request(browser: Browser, files: dict[str, Path], name: str) -> None:
    visit = Visit(browser.new_page(), files[name])
    visit.figures()
    visit.page.locator("#target").focus()
    for key in ("ArrowLeft", "Home", "End", "PageDown"):
        visit.page.keyboard.press(key)
        visit.settle()
    for button in visit.page.locator(".controls button").all():
        button.click()
    visit.settle()
    assert visit.complaints == []
    assert visit.requests == [files[name].as_uri()]
    visit.page.close()


@pytest.mark.parametrize("target", [0.86, 0.91])
def test_the_slider_moves_every_number(visit: Visit, target: float) -> None:
    near = min(choices(RACE, 80), key=lambda each: abs(each - target))
    visit.slide(near)
    at = rescore(RACE, near)
    for key in ("lanes", "runs", "survival", "comparisons"):
        assert visit.rows(key) == expected(at, key)
        assert visit.rows(key) != expected(RACE, key)
    found = headlines(at)
    for place, headline in zip(visit.page.locator(".finding h3").all(), found, strict=True):
        assert headline.sentence in place.inner_text()
    readings = [reading for headline in found for reading in headline.readings]
    for place, reading in zip(visit.page.locator(".reading").all(), readings, strict=True):
        assert words.sentence(verdict(reading.comparison)) in place.inner_text()
        assert place.get_attribute("data-tone") == reading.tone


def test_the_slider_moves_every_figure_but_the_phases(visit: Visit) -> None:
    visit.figures()
    read = (
        "[...document.querySelectorAll('.plot')].map(place => [place.dataset.figure, "
        "JSON.stringify([place.data.map(t => [t.x, t.y]), place.layout.shapes])])"
    )
    before = visit.page.evaluate(read)
    near = min(choices(RACE, 80), key=lambda each: abs(each - 0.86))
    visit.slide(near)
    visit.figures()
    after = visit.page.evaluate(read)
    moved = {name for (name, one), (_, other) in zip(before, after, strict=True) if one != other}
    assert moved == {"metric", "ratio", "pairs", "survival"}
    times = visit.page.evaluate("document.querySelector('[data-figure=pairs]').data.find(t => t.uid === 'runs-0').x")
    assert times == pytest.approx([each.time_to_target_s for each in rescore(RACE, near).lanes[0].runs], rel=1e-4)


def test_another_target_is_said_not_to_count_and_the_way_back_is_one_button(visit: Visit) -> None:
    page = visit.page
    own = visit.rows("runs")
    assert not page.locator(".moved").is_visible()
    visit.slide(min(choices(RACE, 80), key=lambda each: abs(each - 0.86)))
    assert "The verdicts that count are those at 90% accuracy." in page.locator(".moved").inner_text()
    expect(page.locator("#announcement")).to_contain_text("At 8")
    assert "race’s own" not in str(page.locator("#target").get_attribute("aria-valuetext"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    visit.settle()
    assert page.locator("output").inner_text() == "90% accuracy"
    assert "race’s own" in str(page.locator("#target").get_attribute("aria-valuetext"))
    assert not page.locator(".moved").is_visible()
    assert visit.rows("runs") == own


def test_tables_sort_by_keyboard_and_stay_sorted(visit: Visit) -> None:
    head = visit.page.locator("#table-runs thead th").nth(3)
    head.locator("button").focus()
    visit.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    keys = "[...document.querySelectorAll('#table-runs tbody tr')].map(row => Number(row.cells[3].dataset.sort))"
    assert visit.page.evaluate(keys) == sorted(visit.page.evaluate(keys))
    assert visit.rows("runs")[-1][2] == "missed"
    visit.slide(min(choices(RACE, 80), key=lambda each: abs(each - 0.7)))
    assert visit.page.evaluate(keys) == sorted(visit.page.evaluate(keys))
    head.locator("button").press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert visit.page.evaluate(keys) == sorted(visit.page.evaluate(keys), reverse=True)


def test_a_lane_that_is_off_is_off_in_every_figure(visit: Visit) -> None:
    visit.figures()
    button = visit.page.locator("[data-lane='1']")
    button.focus()
    visit.page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    visit.figures()
    for figure in ("metric", "pairs", "survival", "phases"):
        assert visit.lanes_drawn(figure) == {"0", "2"}, figure
    assert visit.lanes_drawn("ratio") == {"2"}
    rows = "document.querySelector('[data-figure=pairs]').layout.yaxis.ticktext.map(text => text.trim())"
    assert visit.page.evaluate(rows) == ["baseline", "baseline@3ep"]
    joins = "document.querySelector('[data-figure=pairs]').data.filter(t => t.meta.joins).map(t => t.y).flat()"
    assert set(visit.page.evaluate(joins)) == {0, 1, None}, "lines join the lanes that are left"
    visit.page.keyboard.press("Space")
    visit.figures()
    assert visit.lanes_drawn("survival") == {"0", "1", "2"}


def test_the_clock_is_the_wall_clock(visit: Visit) -> None:
    visit.figures()
    assert not visit.page.locator("[data-clock]").count()
    for figure in ("metric", "pairs", "survival"):
        title = f"document.querySelector('[data-figure={figure}]').layout.xaxis.title.text"
        assert visit.page.evaluate(title).startswith("wall time")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["race", "fitted", "confirmed"])
def test_nothing_is_wider_than_a_phone(browser: Browser, files: dict[str, Path], name: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)  # type: ignore[arg-type]
    visit = Visit(page, files[name])
    visit.figures()
    for details in page.locator("details").all():
        details.evaluate("each => each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.evaluate("document.querySelector('[data-figure=pairs]').layout.yaxis.tickfont.color")
    assert (paper, ink) == {"light": ("rgb(253, 253, 251)", "#1f2328"), "dark": ("rgb(21, 23, 26)", "#eceae4")}[scheme]
    page.close()


@pytest.mark.parametrize("name", ["race", "fitted", "confirmed"])
def test_a_phone_shows_every_column_of_every_table(browser: Browser, files: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    Visit(page, files[name])
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    hidden = page.evaluate(
        "[...document.querySelectorAll('td, tbody th')].filter(cell => cell.textContent.trim()).map(cell => "
        "[cell.textContent, cell.getBoundingClientRect()]).filter(([_, box]) => !(box.width && box.height) || "
        "box.left < 0 || box.right > 390).map(([text]) => text)"
    )
    assert hidden == []
    cut = "[...document.querySelectorAll('.scroll, .keys')].filter(e => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(cut) == 0
    labels = page.evaluate("[...document.querySelectorAll('#table-lanes tr:nth-child(2) td')].map(cell => "
                           "getComputedStyle(cell, '::before').content)")  # fmt: skip
    columns = all_tables(RACE if name == "race" else CONFIRMED if name == "confirmed" else fitted())["lanes"].columns
    assert labels == [f'"{column}"' for column in columns[1:]]
    page.close()


def test_paper_shows_the_intervals(visit: Visit) -> None:
    """Browsers print no backgrounds, so they are drawn of borders."""
    page = visit.page
    page.emulate_media(media="print")
    drawn = page.evaluate(
        "[...document.querySelectorAll('.forest i')].map(part => [part.className, getComputedStyle(part)]).map("
        "([name, style]) => [name, style.backgroundColor, style.borderTopWidth, style.borderLeftWidth])"
    )
    assert {tuple(each) for each in drawn} == {
        ("one", "rgba(0, 0, 0, 0)", "0px", "1px"),
        ("interval", "rgba(0, 0, 0, 0)", "2px", "0px"),
        ("ratio", "rgba(0, 0, 0, 0)", "5px", "5px"),
    }
    bounds = page.locator("#table-lanes tbody tr").nth(1).inner_text()
    assert "≤2.47" in bounds, "the interval stands below the ratio"


def test_paper_has_every_figure_and_nothing_folded_as_soon_as_the_page_is_loaded(
    browser: Browser, files: dict[str, Path]
) -> None:
    page = browser.new_page()
    page.goto(files["race"].as_uri())
    drawn = page.evaluate(
        "(dispatchEvent(new Event('beforeprint')), [document.querySelectorAll('.plot .main-svg').length > 0, "
        "[...document.querySelectorAll('.plot')].every(place => place.data.length > 0), "
        "document.querySelectorAll('details:not([open])').length])"
    )
    assert drawn == [True, True, 0]
    page.close()


def test_the_page_unpacks_whatever_gzip_wrote(visit: Visit, browser: Browser) -> None:
    script = (Path(__file__).parents[2] / "src/sooner/reporting/web/unpack.js").read_text(encoding="utf-8")
    page = browser.new_page()
    page.add_script_tag(content=script.removesuffix('run(unpackFrom("packed-plotly"));\n'))
    draw = random.Random(0)
    noise = "".join(chr(draw.randrange(32, 127)) for _ in range(100_000))
    for text in ("", "a", "ab" * 9, "x" * 70_000, "é✓𝄞" * 3000, noise, json.dumps(RACE.to_json())):
        for level in (0, 1, 9):  # stored, and blocks with fixed and with own codes
            letters = base64.b64encode(gzip.compress(text.encode(), level, mtime=0)).decode()
            assert page.evaluate("letters => unpack(letters)", letters) == text
    page.close()


def test_the_view_near_the_target_is_near_in_time_as_well(visit: Visit) -> None:
    visit.figures()
    now = (
        "(({xaxis, yaxis}) => [xaxis.type, xaxis.range, yaxis.range])"
        "(document.querySelector('[data-figure=metric]').layout)"
    )
    kind, near, metrics = visit.page.evaluate(now)
    visit.page.locator("[data-range=whole]").click()
    visit.figures()
    _, whole, all_metrics = visit.page.evaluate(now)
    assert kind == "linear"
    assert whole[0] <= 0 < near[0] < near[1] < 1.05 * whole[1]
    assert all_metrics[0] < metrics[0]
    visit.page.locator("[data-figure=metric]").scroll_into_view_if_needed()
    visit.page.locator("[data-range=near]").click()
    visit.page.locator("figure:has([data-figure=metric]) [data-scale=log]").click()
    visit.figures()
    kind, logarithmic, _ = visit.page.evaluate(now)
    assert kind == "log"
    assert [10**edge for edge in logarithmic] == pytest.approx(near, rel=1e-3)


def test_without_javascript_there_are_verdicts_and_tables_and_no_dead_switches(
    browser: Browser, files: dict[str, Path]
) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(files["race"].as_uri())
    (first, *_) = headlines(RACE)
    assert first.sentence in page.locator(".finding h3").first.inner_text()
    assert page.locator("#table-runs tbody tr").count() == 18
    assert "The figures need JavaScript" in page.locator("#figures noscript").inner_text()
    assert not any(page.locator(name).first.is_visible() for name in (".bar", ".legend", ".switches", ".copying"))
    page.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visit) -> None:
    seen: list[str] = []
    for _ in range(200):
        visit.page.keyboard.press("Tab")
        kind, outline = visit.page.evaluate(
            "(() => { const e = document.activeElement; return [e.id || e.dataset.lane || e.dataset.scale || "
            "e.dataset.copy || e.tagName, getComputedStyle(e).outlineStyle] })()"
        )
        if kind == "BODY":
            break
        seen.append(kind)
        assert outline != "none", kind
    assert {"target", "back", "0", "2", "log", "cite-plain", "SUMMARY"} <= set(seen)


def test_the_citation_is_copied_or_selected(visit: Visit) -> None:
    page = visit.page
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: text => {window.copied = text}}})")
    page.locator("[data-copy=cite-bibtex]").click()
    assert page.evaluate("window.copied").startswith("@misc{")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')) }")
    page.locator("[data-copy=cite-plain]").click()
    assert page.evaluate("getSelection().toString()").startswith("A race of training recipes to 90% accuracy")
    assert "Selected" in page.locator("[data-copy=cite-plain] + span").inner_text()


def test_the_slider_of_a_fitted_race_moves_the_smallest_budgets(browser: Browser, files: dict[str, Path]) -> None:
    visit = Visit(browser.new_page(), files["fitted"])
    race = fitted()
    near = min(choices(race, 80), key=lambda each: abs(each - 0.34))
    visit.slide(near, race)
    assert visit.rows("budgets") == expected(rescore(race, near), "budgets")
    assert visit.rows("budgets") != expected(race, "budgets")
    visit.page.close()


def test_confirmation_is_a_section_of_its_own(browser: Browser, files: dict[str, Path]) -> None:
    visit = Visit(browser.new_page(), files["confirmed"])
    (fresh,) = [c for c in CONFIRMED.comparisons if c.confirmation and c.clock == "wall"]
    assert words.sentence(verdict(fresh)) in visit.page.locator("#confirmation").inner_text()
    assert words.sentence(verdict(fresh)) not in visit.page.locator("#verdicts").inner_text()
    near = min(choices(CONFIRMED, 80), key=lambda each: abs(each - 0.86))
    visit.slide(near, CONFIRMED)
    (moved,) = [c for c in rescore(CONFIRMED, near).comparisons if c.confirmation and c.clock == "wall"]
    assert words.sentence(verdict(moved)) in visit.page.locator("#confirmation").inner_text()
    visit.page.close()


def test_the_page_of_a_suite_draws_on_both_sizes_and_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    write_suite({"fashion_mnist": RACE, "mnist": dataclasses.replace(RACE, task="mnist")}, tmp_path)
    path = tmp_path / "suite.html"
    assert path.stat().st_size < 1_000_000
    for width in (1280, 390):
        visit = Visit(browser.new_page(viewport={"width": width, "height": 844}), path)
        assert visit.page.evaluate("document.getElementById('profile').data.length") == 3
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        assert (visit.complaints, visit.requests) == ([], [path.as_uri()])
        visit.page.close()
