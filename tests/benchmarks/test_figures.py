"""What the READMEs of the benchmarks state can still be computed from the results that are kept beside them."""

import json
import re
from pathlib import Path

import pytest
from benchmarks.dynamic_pruning import show as dynamic_pruning
from benchmarks.fitted_frontier import show as fitted_frontier
from benchmarks.grokking import run as grokking
from benchmarks.keep import load
from benchmarks.label_noise import run as label_noise
from benchmarks.resume import shown as resume
from benchmarks.rs2 import show as rs2
from benchmarks.statistics import costs, orders

from benchmarks import _files, show_race

ROOT = Path(__file__).parents[2] / "benchmarks"
GAP = {"batches of 128": "baseline", "1024 as it is": "large", "1024, sqrt rate": "large-sqrt"}
# Each race whose lanes have one budget: its file, the lanes that differences are given against, and the README's names.
RACES = {
    "efficienttrain/results.json": (
        [],
        {
            "baseline": "baseline",
            "the crop alone": "efficienttrain",
            "the crop and RandAugment": "efficienttrain-randaugment",
        },
    ),
    "large_batch/growth.json": (
        ["small", "large"],
        {
            "AdaGrad, 64": "small",
            "baseline, SGD, 128": "baseline",
            "AdAdaGrad, 64 to 2048": "adadagrad",
            "AdaGrad, 2048": "large",
        },
    ),
    "large_batch/gap.json": (["large", "large-sqrt"], {**GAP, "1024, sqrt rate, ghosts of 128": "large-sqrt-ghost"}),
    "precropping/results.json": (
        ["uniform-25", "random-mask@masked-synflow-25"],
        {
            "SynFlow's masks, 25% alive": "masked-synflow-25",
            "full width": "baseline",
            "random masks by ERK, 25%": "random-mask@masked-synflow-25",
            "PreCropping, SynFlow's widths": "synflow-25",
            "uniform width": "uniform-25",
            "channel pruning to a half": "pruned-50",
        },
    ),
}
SPARSE = ("gradual", "snip", "granet", "synflow", "rigl", "erk", "small")


def rows(text):
    """The cells of every table row, by its first cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return {cells[0]: cells[1:] for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)}


def readme(folder):
    return (ROOT / folder / "README.md").read_text()


def stated_is_recomputed(stated, recomputed):
    assert len(stated) > 2
    assert set(stated) <= {*recomputed, ""}


@pytest.mark.parametrize("file", RACES)
def test_tables_of_races_of_one_budget(file):
    against, names = RACES[file]
    stated, recomputed = rows(readme(file.split("/")[0])), rows(show_race.show(load(ROOT / file), against))
    for name, lane in names.items():
        stated_is_recomputed(stated[name], recomputed[lane])


@pytest.mark.parametrize("density", ["10", "05"])
def test_tables_of_sparsity(density):
    section = readme("sparsity").split("\n## ")[1 if density == "10" else 2]
    race = load(ROOT / "sparsity/results.json")
    stated, recomputed = rows(section), rows(show_race.show(race, [f"erk-{density}", f"small-{density}"]))
    for name in SPARSE:
        stated_is_recomputed(stated[name], recomputed[f"{name}-{density}"])


@pytest.mark.parametrize("task", ["cifar10", "fashion_mnist"])
def test_every_line_of_dynamic_pruning(task):
    text = readme("dynamic_pruning")
    tables = "\n".join(dynamic_pruning.tables(load(ROOT / f"dynamic_pruning/{task}.json")))
    lines = [line for line in tables.splitlines() if line]
    assert len(lines) == 1 + 3 * (1 + 2 + 9)
    assert [line for line in lines if line not in text] == []


def test_the_verdicts_of_rs2():
    stated, recomputed = readme("rs2"), rs2.show()
    for verdict in re.findall(r"(?:no difference|slower|target not).*?\)(?= \|)", stated):
        assert verdict in recomputed
    first, second = (
        {tuple(cells) for cells in rows(text).values() if "% (" in cells[0]}
        for text in (stated, recomputed.split("\n\n")[0])
    )
    assert len(first) == 4
    assert first == second


@pytest.mark.parametrize("task", ["digits", "fashion_mnist"])
def test_the_ratios_of_the_fitted_frontier(task):
    fitted, first = (load(ROOT / f"fitted_frontier/{task}-{which}.json") for which in ("fitted", "first-hit"))
    section = readme("fitted_frontier").split("\n## ")[1 if task == "digits" else 2]
    for lane, (budget, *_) in rows(fitted_frontier.budgets(fitted)).items():
        if lane.startswith(("baseline", "rs2")):
            assert f"| {lane} | {budget} |" in section
    lines = [[cell.strip("* ") for cell in line.strip("|").split("|")] for line in section.splitlines()]
    stated = [cells for cells in lines if len(cells) == 5 and cells[0].startswith("rs2")]
    assert len(stated) == (10 if task == "digits" else 8)
    for lane, target, _, *ratios in stated:
        for race, told in zip((fitted, first), ratios, strict=True):
            found = fitted_frontier.ratio(race, lane, float(target.rstrip("%")) / 100)
            numbers = re.findall(r"\d\.\d\d", told)
            assert [each for each in numbers if each not in found] == [], (lane, target, told, found)


def test_the_tables_of_grokking(capsys):
    grokking.show(json.loads((ROOT / "grokking/result.json").read_text()))
    recomputed, stated = capsys.readouterr().out, readme("grokking")
    lanes = rows(recomputed)
    assert rows(stated)["perpGrad, norm restored"] == [*lanes["perpgrad"][:3], "155, 1 of 6"]
    assert rows(stated)["weight decay 5, learning rate 0.02"] == lanes["weight decay 5, lr 0.02"]
    for verdict in re.findall(r"\| ((?:faster|no difference)[^|]*) \|", stated):
        assert verdict in recomputed


def test_the_tables_of_label_noise():
    stated = readme("label_noise").split("Against ")
    recomputed = label_noise.tables(json.loads((ROOT / "label_noise/result.json").read_text())["runs"], 6).split(
        "Against "
    )
    for section, other in zip(stated, recomputed, strict=True):
        for name in ("ELR", "PS-KD", "label smoothing"):
            if name in rows(section):
                assert rows(section)[name] == rows(other)[name.lower()]


def test_the_simulations_of_the_statistics():
    found = json.loads((ROOT / "statistics/results.json").read_text())
    equal = [row for row in _files.rows(found["equal"]) if row["method"] == "ranks" and row["noise"] == "normal"]
    false = {row["pairs"]: f"{row['verdicts']:.1%}" for row in equal if row["correlation"] == 0}
    line = "| the interval excludes 1, equal lanes | at most 5% | 3.0% | 3.7% | 4.3% |"
    assert line in readme("statistics")
    assert line.endswith(" | ".join(false[pairs] for pairs in (6, 8, 12)) + " |")
    assert len(_files.rows(found["censored_apart"])) == 48


@pytest.mark.parametrize(("name", "lines"), [("costs", 9), ("orders", 20)])
def test_every_line_of_the_tables_of_costs_and_orders(name, lines):
    kept = _files.rows(json.loads((ROOT / "statistics" / f"{name}.json").read_text()))
    table = {"costs": costs, "orders": orders}[name].markdown(kept).splitlines()
    assert len(table) == lines
    assert [line for line in table if line not in readme("statistics")] == []


def test_the_simulated_touches_of_a_target():
    found = _files.rows(json.loads((ROOT / "statistics/results.json").read_text())["touches"])
    for looks in (5, 12, 20, 50, 100):
        quiet, steady, noisy = (row for row in found if row["looks"] == looks)
        cells = [
            f"{100 * steady[f'{of}_{gap}']:.1f} / {100 * noisy[f'{of}_{gap}']:.1f}%"
            for of in ("hits", "touched")
            for gap in (0.0015, 0.003, 0.005)
        ]
        assert f"| {looks} | {' | '.join(cells)} |" in readme("statistics")
        assert all(abs(row["crossing"] / quiet["crossing"] - 1) < 0.003 for row in (steady, noisy))
        assert looks < 12 or noisy["hits_0.003"] - steady["hits_0.003"] < 0.02


@pytest.mark.parametrize("name", ["matrix", "before"])
def test_resumed_trainings(name):
    kept = _files.rows(json.loads((ROOT / "resume" / f"{name}.json").read_text())["runs"])
    assert "\n".join(resume.table(kept).splitlines()[2:]) in (ROOT / "resume" / "README.md").read_text()
    assert len(kept) == 32
    exact = [run for run in kept if run["setting"] != "draws in the data set"]
    assert all(run["weights"] == run["order"] == 0 for run in exact) == (name == "matrix")
