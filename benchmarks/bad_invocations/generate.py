"""Bad invocations of the command line, drawn at random: options, recipes, programs, and stores cut short."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import yaml
from benchmarks.bad_invocations._case import Case

QUICK = [
    "--pairs",
    "1",
    "--model",
    "mlp",
    "--budget",
    "3ba",
    "--threads",
    "1",
    "--device",
    "cpu",
    "--lanes",
    "baseline",
]
WORDS = ["", " ", "0", "-1", "1e999", "nan", "inf", "93", "ten", "1O", "0x10", "½", "🦊", "a,b,,c", "None", "[1]", "%s"]
WORDS += [
    "../..",
    "/dev/null",
    "\udcff",
    "x" * 5000,
    "\t",
    "{",
    "'",
    '"',
    "--",
    "true",
    "1ep",
    "1e-9ep",
    "-3ba",
    "5 ep",
]


def options(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A race, report or listing with options that are wrong, missing or unknown."""
    names = ["pairs", "target", "budget", "lanes", "model", "device", "threads", "seed", "protocol", "until", "share"]
    names += [
        "max-pairs",
        "detect",
        "price",
        "engine",
        "track",
        "examples",
        "label",
        "data",
        "task",
        "metric",
        "timeout",
    ]
    names += ["image-size", "workers", "save-every", "resume", "out", "names", "no-such-option", "pair"]
    command = draw.choice(["race"] * 6 + ["report", "methods", "tasks", "doctor", "plan", "compare", "suite", "rase"])
    arguments = [command]
    if command == "race" and draw.random() < 0.7:
        arguments += ["digits", *QUICK, "--out", str(folder / "race")]
    for name in draw.sample(names, draw.randrange(1, 4)):
        arguments.append(f"--{name}")
        if draw.random() < 0.9:
            arguments.append(draw.choice(WORDS))
    if draw.random() < 0.3:
        arguments.append(draw.choice([*WORDS, str(finished)]))
    if draw.random() < 0.2:  # a race that is there already
        arguments += ["--out", str(finished)]
    return Case("options", [arguments], keeps=[finished])


def _bomb(name: str) -> bytes:
    """A billion values by aliases of aliases."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 9)]
    return ("\n".join(lines) + f"\n{name}: *a8\n").encode()


_TOO_MUCH = (
    b"sampling: " + b"[" * 3000 + b"]" * 3000,
    b"sampling: " + b"{a: " * 3000 + b"1" + b"}" * 3000,
    b"- " * 3000,
    b"batch_size: " + b"9" * 5000,
    b"batch_size: 1e21",
    b"batch_size: 1000000000000000000000",
    b"batch_size: 190" + b":59" * 3000,
    b"budget: 2020-13-45",
    b"optimizer: {name: sgd, lr: 0x" + b"f" * 5000 + b"}",
    b"sampling: &a {name: rs2, fraction: *a}",
    b"name: " + b"n" * 2**21,
    _bomb("sampling"),
    _bomb("nonsense"),
)


def recipe(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A recipe file whose fields, types or bytes are wrong."""
    fields: dict[str, object] = {
        "extends": "baseline",
        "budget": "3ba",
        "batch_size": 32,
        "optimizer": {"name": "sgd", "lr": 0.1},
        "sampling": {"name": "rs2", "fraction": 0.5},
        "augmentation": ["flip"],
        "schedule": "constant",
        "loss": {"name": "cross-entropy", "label_smoothing": 0.1},
        "precision": "float32",
    }
    junk = [
        None,
        -1,
        0,
        1e300,
        float("nan"),
        "",
        "no-such",
        [],
        {},
        [[["flip"]]],
        {"name": 3},
        {"name": "sgd", "lr": "x"},
    ]
    for _ in range(draw.randrange(1, 4)):
        key = draw.choice([*fields, "nonsense", "extends", "name"])
        fields[key] = draw.choice([*junk, *WORDS])
    path = folder / "bad.yaml"
    text = yaml.safe_dump(fields, allow_unicode=True).encode("utf-8", "surrogatepass")
    if draw.random() < 0.3:
        cut = draw.randrange(len(text))
        text = text[:cut] + draw.randbytes(draw.randrange(1, 40)) + text[cut + draw.randrange(1, 9) :]
    path.write_bytes(draw.choice(_TOO_MUCH) if draw.random() < 0.15 else text)
    quick = [item for item in QUICK if item not in ("--lanes", "baseline")]
    return Case(
        "recipe", [["race", "--task", "digits", *quick, "--out", str(folder / "race"), str(path)]], keeps=[finished]
    )


def program(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A race of programs that crash, stay silent, print rubbish, do not exist, or a pattern that is none."""
    patterns = [
        "acc=([0-9.]+)",
        "(",
        "acc",
        "(a)(b)",
        "[",
        "(?P<metric>.*)",
        "(.*)",
        "",
        "(?P<seconds>x)",
        "acc=(\\S+)",
        "\\",
    ]
    bodies = [
        "print('acc=0.9')",
        "raise SystemExit(3)",
        "import os; os.kill(os.getpid(), 11)",
        "import sys; sys.stdout.buffer.write(bytes(range(256)) * 40)",
        "print('acc=nan'); print('acc=1e999'); print('acc=')",
        'print(\'{"metric": "x"}\'); print(\'{"metric": 0.5, "seconds": -1}\'); print(\'{\')',
        "pass",
        "import time; time.sleep(60)",
        "print('acc=' + '9' * 100000)",
        "print('\\x00acc=0.5\\x00')",
    ]
    commands = []
    for _ in range(draw.randrange(0, 3)):
        if draw.random() < 0.3:
            commands.append(
                draw.choice(["no-such-program --seed {seed}", "python 'unbalanced", "", " ", "{", "{what}", *WORDS])
            )
        else:
            body = draw.choice(bodies).replace("{", "{{").replace("}", "}}").replace('"', '\\"')
            commands.append(f'python3 -S -c "{body}" {{seed}}')
    arguments = ["race", "--target", draw.choice(["0.9", "0.9", "0.9", *WORDS]), "--metric", draw.choice(patterns)]
    arguments += ["--pairs", "1", "--timeout", draw.choice(["1", "1", "1", "0", "x"]), "--out", str(folder / "race")]
    if draw.random() < 0.2:
        arguments += ["--protocol", "fitted", *(["--budget", draw.choice(WORDS)] if draw.random() < 0.5 else [])]
    return Case("program", [[*arguments, "--", *commands]], own=True, keeps=[finished])


def store(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A race's folder whose store was cut short, overwritten or mixed up."""
    broken = folder / "broken"
    shutil.copytree(finished, broken)
    path = broken / "race.db"
    data = bytearray(path.read_bytes())
    how = draw.randrange(6)
    if how == 0:
        del data[draw.randrange(len(data)) :]
    elif how == 1:
        for _ in range(draw.randrange(1, 60)):
            data[draw.randrange(len(data))] = draw.randrange(256)
    elif how == 2:
        at = draw.randrange(len(data))
        data[at : at + 512] = draw.randbytes(512)
    elif how == 3:
        data = bytearray(draw.randbytes(draw.randrange(0, 5000)))
    path.write_bytes(data)
    if how == 4:
        with sqlite3.connect(path) as database:
            plan = draw.choice(["{}", "[]", "null", "7", "{", '{"lanes": []}', '{"task": 3}'])
            database.execute("UPDATE meta SET value = ? WHERE key = 'plan'", (plan,))
    if how == 5:
        path.unlink()
        if draw.random() < 0.5:
            path.mkdir()
    if (results := broken / "results.json").exists():
        text = results.read_bytes()
        results.write_bytes(text[: draw.randrange(len(text))])
    command = draw.choice(
        [
            ["report", str(broken)],
            ["report", str(broken), "--target", "0.5"],
            ["race", "--resume", str(broken)],
            ["race", "digits", *QUICK, "--out", str(broken)],
            ["compare", str(broken), str(finished)],
            ["plan", "--race", str(broken)],
        ]
    )
    return Case("store", [command], keeps=[finished, broken])
