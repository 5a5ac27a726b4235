"""The results of a race in the terminal: a table of lanes and the verdicts in words; elsewhere as plain text."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sooner.reporting import format as words
from sooner.reporting.asides import asides
from sooner.reporting.checks import Check, checks
from sooner.reporting.console import ruled_table
from sooner.reporting.headlines import Reading, Tone, confirmations, headlines, tone
from sooner.reporting.summary import LaneSummary, Median, has_examples, summarise
from sooner.reporting.wording import verdict
from sooner.results.records import Comparison, Results

_TONE_STYLE: dict[Tone, str] = {"faster": "green", "slower": "red", "open": "", "none": ""}
_TABLE_WIDTH = 80  # columns: in fewer rich cuts the names of the lanes first
_LEVEL_STYLE = {"caution": "yellow", "bad": "bold red"}


def show(results: Results, console: Console) -> None:
    """Print the table and the verdicts: styled on a terminal the table fits, else as plain text that is not cut."""
    if not console.is_terminal or console.width < _TABLE_WIDTH:
        console.print(plain_text(results), markup=False, highlight=False, soft_wrap=True, end="")
        return
    console.print(table(results))
    for block in verdicts(results):
        console.print(block)


def table(results: Results) -> Table:
    """One row per lane, made for 80 columns: under each median its range, under each ratio its 95% interval."""
    grid = ruled_table()
    grid.add_column("lane", overflow="fold", min_width=8)
    examples = ["examples"] if has_examples(results) else []
    medians: list[str | Text] = ["hits", "time to\ntarget", *examples, Text(results.metric), "test"]
    for heading in (*medians, "against\nbaseline", "against\ncontrol"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for row in summarise(results):
        grid.add_row(
            _two_lines(row.lane.name, row.lane.role),
            _hits(row),
            _two_lines(_median(row.wall, words.seconds), "own word" if row.lane.own_seconds else ""),
            *([_median(row.examples, words.count)] if examples else []),
            _two_lines(
                words.metric(results, row.final.median), words.metric_range(results, row.final.low, row.final.high)
            )
            if row.final
            else "none",
            words.metric(results, row.test.median) if row.test else "none",
            _ratios(row.against_baseline),
            _ratios(row.against_controls),
        )
    grid.caption = "time to target: wall; below a ratio its 95% interval"
    grid.caption_justify = "left"
    return grid


def verdicts(results: Results) -> list[RenderableType]:
    """The verdict on each lane under test, with what it rests on, then the doubts that a reader should know."""
    blocks: list[RenderableType] = []
    for heading, readings in _findings(results):
        blocks.append(Text(heading, style="bold"))
        for reading in readings:
            blocks.append(Padding(Text(_reading(reading), style=_TONE_STYLE[reading.tone]), (0, 0, 0, 2)))
            blocks.append(Padding(Text(reading.meaning, style="dim"), (0, 0, 0, 4)))
        blocks.append(Text(""))
    for aside in asides(results):
        blocks.append(Text(aside.heading, style="bold"))
        blocks += [Padding(Text(line), (0, 0, 0, 2)) for line in aside.lines]
        blocks.append(Text(""))
    blocks += [Text(_doubt(check), style=_LEVEL_STYLE[check.level]) for check in _doubts(results)]
    return blocks


def plain_text(results: Results) -> str:
    """The same without styles, boxes or wrapping: one line per lane and per verdict, columns two spaces apart."""
    header = ["lane", "role", "hits", "wall time to target", "examples", results.metric, "test"]
    rows = [[*header, "against baseline", "against control"]]
    rows += [_plain_row(results, row) for row in summarise(results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for heading, readings in _findings(results):
        lines += ["", heading]
        for reading in readings:
            lines += [f"  {_reading(reading)}", f"    {reading.meaning}"]
    for aside in asides(results):
        lines += ["", aside.heading, *(f"  {line}" for line in aside.lines)]
    doubts = [_doubt(check) for check in _doubts(results)]
    return "\n".join([*lines, *([""] if doubts else []), *doubts]) + "\n"


def _plain_row(results: Results, row: LaneSummary) -> list[str]:
    return [
        row.lane.name,
        row.lane.role,
        _hits(row),
        _median(row.wall, words.seconds) + (" (its own word)" if row.lane.own_seconds else ""),
        _median(row.examples, words.count),
        f"{words.metric(results, row.final.median)} ({words.metric_range(results, row.final.low, row.final.high)})"
        if row.final
        else "none",
        words.metric(results, row.test.median) if row.test else "none",
        ", ".join(words.ratio_and_interval(c) for c in row.against_baseline),
        ", ".join(words.ratio_and_interval(c) for c in row.against_controls),
    ]


def _hits(row: LaneSummary) -> str:
    return f"{row.hits} of {len(row.lane.runs)}"


def _median(middle: Median | None, say: words.Wording) -> str:
    if middle is None:
        return "none"
    return f"> {say(middle.value)}" if middle.at_least else say(middle.value)


def _two_lines(first: str, second: str) -> Text:
    return Text.assemble(first, "\n", (second, "dim"))


def _ratios(comparisons: list[Comparison]) -> Text:
    lines = [
        Text.assemble((words.ratio(c.ratio), _TONE_STYLE[tone(c)]), "\n", (words.short_interval(c), "dim"))
        for c in comparisons
    ]
    return Text("\n").join(lines)


def _findings(results: Results) -> list[tuple[str, list[Reading]]]:
    """The headline of each lane, then what the confirmation found, each with its readings."""
    lines = [(f"{headline.lane.name} {headline.sentence}", headline.readings) for headline in headlines(results)]
    fresh = confirmations(results)
    lanes = words.join(list(dict.fromkeys(reading.comparison.lane for reading in fresh)))
    return [*lines, *([(f"On fresh seeds, which are in no number above: {lanes}", fresh)] if fresh else [])]


def _reading(reading: Reading) -> str:
    return f"{reading.relation} {reading.comparison.against}: {verdict(reading.comparison)}"


def _doubts(results: Results) -> list[Check]:
    return [check for check in checks(results) if check.level != "good"]


def _doubt(check: Check) -> str:
    return f"{check.subject}: {check.text}"
