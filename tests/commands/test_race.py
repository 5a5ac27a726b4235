import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from sooner.commands import prepare
from sooner.racing import race as racing
from sooner.results.records import Results
from tests.commands.line import QUICK, Run
from tests.racing import gated


def table(path: Path, rows: int = 240, **columns: list[object]) -> None:
    """A CSV of two classes that a net can tell apart."""
    label = ["wide" if i % 2 else "narrow" for i in range(rows)]
    given = {"x": [float(i % 2) + (i % 7) / 10 for i in range(rows)], "y": [float(i % 5) for i in range(rows)]}
    pa.csv.write_csv(pa.table({**given, "species": label, **columns}), path)


def test_a_race_writes_its_three_files_and_says_what_it_found(sooner: Run, tmp_path: Path) -> None:
    status, out, _ = sooner("race", "digits", "--lanes", "baseline,rs2-30", "--target", "0.3", *QUICK, "--out", "r")
    assert status == 0, out
    assert "[6/6]" in out
    assert "too few pairs: 2" in out
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"race.db", "results.json", "report.html"}
    found = Results.load(tmp_path / "r" / "results.json")
    assert [lane.name for lane in found.lanes] == ["baseline", "rs2-30", "baseline@0.6ep"]
    assert found.target == 0.3
    documented = {"task", "target", "metric", "protocol", "device", "started", "lanes", "comparisons"}
    assert documented <= json.loads((tmp_path / "r" / "results.json").read_text()).keys()

    (tmp_path / "r" / "report.html").unlink()
    status, out, _ = sooner("report", "r")
    assert status == 0
    assert (tmp_path / "r" / "report.html").exists()
    assert Results.load(tmp_path / "r" / "results.json") == found

    status, out, _ = sooner("race", "--resume", "r")  # nothing is left to do
    assert status == 0
    assert Results.load(tmp_path / "r" / "results.json") == found

    status, _, err = sooner("race", "digits", "--resume", "r", "--threads", "12")
    assert status == 2
    assert "leave out items, threads" in err

    status, _, err = sooner("race", "digits", *QUICK, "--out", "r")
    assert status == 2
    assert "already holds a race; resume it with --resume r" in err


def test_a_users_own_table_and_recipe(sooner: Run, tmp_path: Path) -> None:
    table(tmp_path / "mine.csv")
    (tmp_path / "slow.yaml").write_text("extends: baseline\nname: slow\noptimizer: {lr: 0.0005}\n")
    status, out, err = sooner(
        "race", "slow.yaml", "--data", "mine.csv", "--label", "species", "--target", "0.9", *QUICK, "--out", "r"
    )
    assert status == 0, out + err
    found = Results.load(tmp_path / "r" / "results.json")
    assert [lane.name for lane in found.lanes] == ["baseline", "slow"]
    assert found.lanes[1].recipe["optimizer"]["lr"] == 0.0005
    assert found.data["classes"] == ["narrow", "wide"]


def test_a_race_adds_each_lane_without_its_methods_and_keeps_them_when_resumed(
    sooner: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "relative_cost", lambda recipe, control, data, device: 0.25)
    lines = "extends: baseline\nbudget: 0.5x\noptimizer: {lr: 0.01}\n"
    (tmp_path / "none.yaml").write_text(lines)
    (tmp_path / "small.yaml").write_text(f"{lines}structure: [{{name: precropping, density: 0.5, rule: uniform}}]\n")
    status, out, err = sooner(
        "race", "digits", "none.yaml", "small.yaml", "--target", "0.2", *QUICK, "--pairs", "1", "--out", "r"
    )
    assert status == 0, out + err
    found = Results.load(tmp_path / "r" / "results.json")
    assert [(lane.name, lane.recipe["budget"], lane.added_for) for lane in found.lanes] == [
        ("baseline", "2ep", None),
        ("none", "1ep", None),
        ("small", "1ep", None),
        ("baseline@1ep", "1ep", "none"),
        ("baseline@0.25ep", "0.25ep", "small"),
        ("without-precropping@small", "0.25ep", "small"),
    ]
    assert "It changes no method; it differs from the baseline in: learning rate 0.025 to 0.01" in out
    assert "against its control without precropping without-precropping@small: " in out
    status, _, _ = sooner("race", "--resume", "r")
    assert status == 0
    assert Results.load(tmp_path / "r" / "results.json") == found


def corrupt(path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(1000)), "label": [0, 1] * 500}), path)
    path.write_bytes(path.read_bytes()[:-200])


def test_every_mistake_is_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    table(tmp_path / "t.csv")
    table(tmp_path / "one.csv", same=["only"] * 240)
    corrupt(tmp_path / "cut.parquet")
    (tmp_path / "bad.yaml").write_text("extends: baseline\nsampling: {name: rs3}\n")
    (tmp_path / "big.yaml").write_text("extends: baseline\nsampling: {name: rs2, fraction: 1.5}\n")
    (tmp_path / "text.yaml").write_text("extends: [\n")
    (tmp_path / "flat.yaml").write_text("extends: baseline\naugmentation: [{name: translate, pixels: 9}]\n")
    (tmp_path / "empty").mkdir()
    mistakes = {
        (): "a race needs one task",
        ("digits", "mnist"): "2 were given (digits, mnist)",
        ("digit",): "digits",
        ("--data", "nothing.csv", "--target", "0.9"): "nothing.csv",
        ("--data", "cut.parquet", "--target", "0.9"): "cut.parquet",
        ("--data", "t.csv", "--label", "kind", "--target", "0.9"): "species",
        ("--data", "one.csv", "--label", "same", "--target", "0.9"): "class",
        ("--data", "empty", "--target", "0.9"): "empty",
        ("--data", "t.csv", "--label", "species"): "--target",
        ("digits", "--target", "1.5"): "at most 1",
        ("digits", "--target", "95"): "0.95",
        ("digits", "--lanes", "rs4"): "rs2",
        ("digits", "bad.yaml"): "bad.yaml: sampling.name: there is no sampling method 'rs3'",
        ("digits", "big.yaml"): "big.yaml: sampling.fraction",
        ("digits", "text.yaml"): "text.yaml",
        ("digits", "none.yaml"): "none.yaml",
        ("digits", "--model", "convnet-17"): "convnet-16",
        ("digits", "--budget", "3 parsecs"): "parsecs",
        ("digits", "--pairs", "0"): "pairs must be at least 1",
        ("digits", "--device", "abacus"): "abacus",
        ("digits", "--lanes", "rs2-10,rs2"): "two lanes are named rs2-10",
        ("digits", "--threads", "0"): "--threads",
        ("digits", "--seed", "99999999999999999999"): "--seed",
        ("digits", "--workers", "-1"): "--workers",
        ("digits", "flat.yaml"): "flat: augmentation: translate: pixels=9",
        ("--resume", "nowhere"): "holds no race",
    }
    for arguments, expected in mistakes.items():
        status, out, err = sooner("race", *arguments)
        assert (status, "Traceback" in out + err) == (2, False), (arguments, status, out, err)
        assert expected in err, (arguments, err)
    assert not (tmp_path / "races").exists()
    assert not (tmp_path / "nowhere").exists()
    assert sooner("race", "--no-such-option")[0] == 2


def test_a_tuned_race_says_what_it_tries_and_what_it_chose(sooner: Run, tmp_path: Path) -> None:
    options = ["--tune", "--tune-rates", "3", "--tune-seeds", "1", *QUICK, "--target", "0.6", "--out", "r"]
    status, out, err = sooner("race", "digits", "--lanes", "ema-90", *options)
    assert status == 0, err
    assert "after 6 trials of their learning rates, on cpu" in " ".join(out.split())
    lines = out.splitlines()
    assert any("tuning ema-90@lr=0.05 seed 2000000: accuracy " in line for line in lines)
    (chosen,) = [line for line in lines if line.startswith("learning rates: baseline 0.")]
    assert "; ema-90 0." in chosen
    found = Results.load(tmp_path / "r" / "results.json")
    for lane in found.lanes:
        assert lane.tuning is not None
        assert f"  {lane.name}: {lane.tuning.chosen:g}, " in out
        assert {run.seed for run in lane.runs} == {0, 1}
    status, out, _ = sooner("race", "--resume", "r")
    assert status == 0
    assert "this race is over, with 4 runs" in out


def test_an_interrupt_stops_cleanly_with_status_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    options = ["--pairs", "2", "--threads", "1", "--device", "cpu", "--budget", "4ep", "--out", str(folder)]
    command = ["race", "digits", "--model", gated.MODEL, *options]
    status, out = gated.interrupted(command, tmp_path / "gate", at=50)
    assert status == 130, out
    assert f"go on with: sooner race --resume {folder}" in " ".join(out.split())
    assert list(folder.glob("run-*.safetensors"))  # it was in the midst of a run, which was saved
    assert not (folder / "race.lock").exists()
    assert not (folder / "report.html").exists()


def test_a_race_that_cannot_go_on_is_status_2_and_a_message_on_stderr(sooner: Run, tmp_path: Path) -> None:
    assert sooner("race", "digits", *QUICK, "--target", "0.6", "--out", "r")[0] == 0
    (tmp_path / "r" / "race.lock").mkdir()
    status, _, err = sooner("race", "--resume", "r")
    assert status == 2
    assert "could not write r/race.lock" in err


def _programs(folder: str, *commands: str, target: str = "0.9", pairs: int = 2) -> list[str]:
    options = [
        "--metric",
        "acc=([0-9.]+)",
        "--target",
        target,
        "--pairs",
        str(pairs),
        "--threads",
        "1",
        "--out",
        folder,
    ]
    return ["race", *options, "--", *commands]


@pytest.mark.parametrize(
    ("command", "words", "last"),
    [
        ("cat nowhere-{seed}.txt", "it exited with status 1", "No such file or directory"),
        ("sh -c 'echo usage: bad >&2; exit 2' {seed}", "it exited with status 2", "usage: bad"),
        ("sh -c 'echo loss=0.{seed}'", "no line of its output, standard error included, matches", "loss=0.0"),
    ],
)
def test_the_first_run_without_a_metric_stops_the_race_and_says_so_on_both_streams(
    sooner: Run, command: str, words: str, last: str
) -> None:
    status, out, err = sooner(*_programs("r", command, pairs=6))
    assert status == 2
    assert len(racing.finished(Path("r"))) == 1
    for said in out, err:
        assert "baseline with seed 0 failed: it " in said
        assert words in said
        assert last in said
    assert "1 run kept in r" in out
    assert "sooner race --resume r --retry failed" in err
    assert "sooner race --resume r --keep-going" in err
    assert "where the command, --metric or --target is wrong, start another race" in err


def test_a_late_crash_stops_the_race_and_a_resumed_one_goes_on_to_the_next(sooner: Run, tmp_path: Path) -> None:
    command = f"sh -c 'echo {{seed}} >> {tmp_path}/made; echo acc=0.5; case {{seed}} in 1|2) exit 7;; esac'"
    status, _, err = sooner(*_programs("r", command, pairs=4))
    assert status == 2
    assert "baseline with seed 1 failed: it exited with status 7" in err
    assert "start another race" not in err
    status, _, err = sooner("race", "--resume", "r")
    assert status == 2
    assert "baseline with seed 2 failed" in err
    status, _, err = sooner("race", "--resume", "r", "--keep-going")
    assert (status, err) == (0, "")
    assert (tmp_path / "made").read_text().split() == ["0", "1", "2", "3"]  # none was made twice
    runs = Results.load(tmp_path / "r" / "results.json").lanes[0].runs
    assert [run.seed for run in runs if run.stopped] == [1, 2]


def test_with_keep_going_a_race_of_failures_comes_to_its_end(sooner: Run) -> None:
    arguments = _programs("r", "sh -c 'exit 1' {seed}")
    status, _, err = sooner("race", "--keep-going", *arguments[1:])
    assert (status, err) == (0, "")
    assert len(racing.finished(Path("r"))) == 2


def test_a_percentage_for_a_share_is_no_hit_unless_it_is_believed(sooner: Run) -> None:
    arguments = _programs("r", "sh -c 'echo acc=91.3; echo acc=92.{seed}; exec sleep 0'", target="0.93")
    status, _, err = sooner(*arguments)
    assert status == 2
    assert "its metric 91.3 against the target 0.93 looks like a percentage against a share" in err
    assert "race to the target 93, or give the metric as 0.913" in err
    assert "sooner race --resume r --retry failed --keep-going" in err
    arguments[arguments.index("r")] = "believed"
    status, out, _ = sooner("race", "--keep-going", *arguments[1:])
    assert status == 0
    assert "Noted: baseline gave the metric 91.3 for the target 0.93, which looks like a percentage" in out


def test_a_share_for_a_percentage_stops_the_race_after_one_run(sooner: Run) -> None:
    status, out, err = sooner(*_programs("r", "sh -c 'echo acc=0.913; echo acc=0.9{seed}'", target="93"))
    assert status == 2
    for said in out, err:
        assert "baseline gave the metric 0.913 for the target 93, which looks like a share against a percentage" in said
    assert "--retry" not in err  # the run is a good one
    assert [record.stopped for record in racing.finished(Path("r"))] == [None]
    status, out, _ = sooner("race", "--resume", "r", "--keep-going")
    assert status == 0
    assert "Noted: baseline gave the metric 0.913 for the target 93" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["digits", "--scan", "3"], "--share and --scan go with --protocol fitted"),
        (["digits", "--detect", "5%"], "--detect with --until decided"),
        (["digits", "--tune-rates", "7"], "--tune-rates and --tune-seeds with --tune"),
        (
            ["digits", "--tune", "--tune-rates", "4"],
            "an odd number of at least 3, the recipe's own in the middle",
        ),
        (
            ["--target", "0.9", "--tune", "--metric", "acc=(.*)", "--", "python x {seed}"],
            "--tune searches the learning rate of recipes, and what rate a program trains at is its own affair",
        ),
        (["digits", "--until", "decided", "--pairs", "8"], "takes --max-pairs"),
        (["digits", "--max-pairs", "8"], "--max-pairs is for a race --until decided"),
        (["digits", "--engine", "slurm"], "--engine must be local or ray, not slurm"),
        (["digits", "--metric", "(.*)"], "are for programs"),
        (["digits", "--own-seconds"], "are for programs"),
        (["--metric", "acc=(.*)", "--", "python -c pass"], "needs a finite target"),
        (["--target", "nan", "--metric", "acc=(.*)", "--", "python -c pass"], "nan was given"),
        (["--target", "0.9", "--lanes", "rs2-10", "--", "python -c pass"], "leave out lanes"),
        (["--target", "0.9", "--"], "no program stands after --"),
        (["--target", "0.9", "--names", "a,b", "--", "python x {seed}"], "--names gives 2 (a, b) for 1 command; name"),
        (["digits", "--lanes", "rs2-1O"], "did you mean 'rs2-10'?"),
        (["digits", "--lanes", "cutout"], "it is a method, which a recipe of your own can choose"),
        (["mnst", "--target", "0.9"], "did you mean mnist"),
        (["digits", "--model", "resnet-18"], "did you mean 'resnet18'?"),
        (["digits", "--track", "wandbb"], "did you mean 'wandb'?"),
        (["--resume", "r", "--", "python -c pass"], "leave out --, and the programs"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_written(
    sooner: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    status, _, err = sooner("race", *arguments)
    assert status == 2
    assert told in err
    assert not list(tmp_path.iterdir())
