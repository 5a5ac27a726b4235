"""What another may have prepared: code in recipes and stores, links where files are written, names that garble."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from benchmarks.bad_invocations._case import Case
from benchmarks.bad_invocations.generate import QUICK

_QUICK = [item for item in QUICK if item not in ("--lanes", "baseline", "--model", "mlp")]
_NAMES = (
    "\x1b[2J\x1b[Hcleared",
    "\x1b]0;title\x07",
    "two\nlines: 9.99x faster",
    "\u202egnp.exe",
    "bell\x07",
    "cr\rover",
    "c1\x9b31m",
    "<script>alert(1)</script>",
    "[red]marked[/red]",
    "[/]",
    "sep\u2028arated",
    "\x00",
    "../../../../tmp/escaped",
)


def code(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A recipe or a store that names a module, data by a function, or programs: nothing of it may run."""
    ran = folder / "ran"
    body = f"open({str(ran)!r}, 'w').close()\n"
    name = f"sent_{draw.randrange(10**9)}"
    if draw.random() < 0.5:
        (folder / f"{name}.py").write_text(body)
        spec = f"{name}:make"
    else:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(body)
        (folder / name / "inner.py").write_text(body)
        spec = f"{name}.inner:make"
    if draw.random() < 0.4:
        path = folder / "sent.yaml"
        path.write_text(f"extends: baseline\nname: sent\nmodel: {spec}\n")
        if draw.random() < 0.3:
            (folder / "over.yaml").write_text("extends: sent.yaml\nname: over\n")
            path = folder / "over.yaml"
        command = draw.choice([["race"], ["plan"]])
        arguments = [*command, "--task", "digits", "--budget", "3ba", "--threads", "1", "--device", "cpu", str(path)]
        out = ["--out", str(folder / "race"), "--pairs", "1"] if command == ["race"] else []
        return Case("received: recipes", [[*arguments, *out]], (2,), keeps=[finished], absent=[ran], folder=folder)
    sent = _copy(finished, folder)
    plan = _plan(sent)
    what = draw.choice(["model", "data", "program"])
    if what == "model":
        plan["lanes"][0]["recipe"]["model"] = spec
    elif what == "data":
        plan["task"]["data"] = spec
    else:
        command = f"sh -c 'touch {ran}; echo {{seed}}'"
        plan["lanes"] = [{**plan["lanes"][0], "kind": "program", "recipe": {"name": "baseline", "command": command}}]
        plan["task"]["data"] = ""
    _replan(sent, plan, unfinished=draw.random() < 0.7)
    steps = [["race", "--resume", str(sent)]]
    return Case("received: stores", steps, (2,), keeps=[finished, sent], absent=[ran], folder=folder)


def reports(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A store that names code is reported and compared: that runs nothing, and needs no word."""
    ran = folder / "ran"
    (folder / "sent_report.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    sent = _copy(finished, folder)
    plan = _plan(sent)
    plan["lanes"][0]["recipe"]["model"] = "sent_report:make"
    plan["task"]["data"] = "sent_report:load"
    _replan(sent, plan)
    steps = [draw.choice([["report", str(sent)], ["report", str(sent), "--target", "0.3"]])]
    return Case("received: reports", steps, (0,), keeps=[sent], absent=[ran], folder=folder)


def links(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A folder in which a file that is written is a link to one of the user's."""
    precious = folder / "precious.txt"
    precious.write_text("mine\n")
    sent = _copy(finished, folder)
    name = draw.choice(["race.lock", "report.html", "results.json", "race.db", "tracking.json", "race.db-journal"])
    if name == "race.db" and draw.random() < 0.5:
        shutil.copy(finished / "race.db", precious)
    if draw.random() < 0.5:
        with sqlite3.connect(sent / "race.db") as database:
            database.execute("DELETE FROM runs WHERE id = 1")
        database.close()
    (sent / name).unlink(missing_ok=True)
    (sent / name).symlink_to(draw.choice([precious, Path("..") / precious.name]))
    steps = [
        draw.choice(
            [
                ["race", "--resume", str(sent)],
                ["report", str(sent)],
                ["race", "digits", *QUICK, "--out", str(sent)],
                ["compare", str(sent), str(finished), "--out", str(sent)],
            ]
        )
    ]
    return Case("links", steps, keeps=[finished, sent], unchanged=[precious])


def names(draw: random.Random, folder: Path, finished: Path) -> Case:
    """Names from files and options that would move a terminal, forge its lines, or run in a page."""
    name = draw.choice(_NAMES)
    where = draw.choice(["recipe", "names", "store", "results"])
    if where == "recipe":
        (folder / "named.yaml").write_text(f"extends: baseline\nname: {json.dumps(name)}\n")
        race = ["race", "--task", "digits", *_QUICK, "--model", "mlp", "--out", str(folder / "race")]
        return Case("names", [[*race, str(folder / "named.yaml")]], (0, 2), keeps=[finished])
    if where == "names":
        race = ["race", "--target", "0.5", "--pairs", "1", "--threads", "1", "--out", str(folder / "race")]
        race += ["--names", f"plain,{name}", "--metric", "acc=([0-9.]+)"]
        return Case("names", [[*race, "--", "echo acc=0.4{seed}", "echo acc=0.5{seed}"]], (0, 2), own=True)
    sent = _copy(finished, folder)
    if where == "results":
        text = json.loads((sent / "results.json").read_text())
        text["task"] = text["metric"] = text["lanes"][0]["name"] = name
        (sent / "race.db").unlink()
        (sent / "results.json").write_text(json.dumps(text))
        return Case("names", [["compare", str(sent), str(finished)]], (0, 2), keeps=[finished])
    plan = _plan(sent)
    old = plan["lanes"][0]["name"]
    plan["lanes"][0]["name"] = plan["task"]["name"] = plan["task"]["metric"] = name
    _replan(sent, plan)
    with sqlite3.connect(sent / "race.db") as database:
        database.execute("UPDATE runs SET lane = ? WHERE lane = ?", (name, old))
    database.close()
    return Case("names", [["report", str(sent)]], (0,), keeps=[sent])


def _copy(finished: Path, folder: Path) -> Path:
    return Path(shutil.copytree(finished, folder / "sent"))


def _plan(folder: Path) -> dict[str, Any]:
    database = sqlite3.connect(folder / "race.db")
    plan: dict[str, Any] = json.loads(database.execute("SELECT value FROM meta WHERE key = 'plan'").fetchone()[0])
    database.close()
    return plan


def _replan(folder: Path, plan: dict[str, Any], *, unfinished: bool = False) -> None:
    with sqlite3.connect(folder / "race.db") as database:
        if unfinished:
            plan = {**plan, "pairs": plan["pairs"] + 1}
        database.execute("UPDATE meta SET value = ? WHERE key = 'plan'", (json.dumps(plan),))
    database.close()
