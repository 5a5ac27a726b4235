import math
import re
from pathlib import Path

import pytest

from sooner.commands.plan import during
from sooner.errors import RecipeError, StoreError
from sooner.racing import race as racing
from sooner.racing.store import Store
from sooner.statistics.power import log_ratio_sd, pairs_needed
from tests.commands.line import Run
from tests.racing.made import plan, record
from tests.racing.raced import race

NOISY = [5.0, 7.0, 4.0, 6.0, 5.5, 4.5]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def test_from_a_race_s_own_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = race(tmp_path / "r", plan("fast"), {"baseline": [10.0] * 6, "fast": NOISY})
    during(tmp_path / "r", detect=0.1)
    out = capsys.readouterr().out
    (row,) = [line.split() for line in out.splitlines() if line.startswith("fast") and " wall " in line]
    lane, against, clock, pairs, _, planned, total, more = row[:8]
    assert (lane, against, clock, pairs) == ("fast", "baseline", "wall", "6")
    # Judged at what a look at six pairs leaves, (5% - 2/64) / 2.
    again = ((2.598 + 0.8416) / (1.960 + 0.8416)) ** 2
    assert int(total) == math.ceil(again * pairs_needed(float(planned), 0.1))
    assert int(more) == int(total) - 6
    # A pair took 10 s and 5.33 s on average.
    assert f"{more} pairs more" in out
    minutes, seconds = re.search(r"pairs more, (\d+) min (\d+) s here", out).groups()  # type: ignore[union-attr]
    assert int(minutes) * 60 + int(seconds) == pytest.approx(int(more) * (10 + sum(NOISY) / 6), abs=1)
    assert f"sooner race --resume {tmp_path / 'r'} --pairs {6 + int(more)}" in out
    assert (
        f"on other seeds (--seed 6) and judged by these alone, takes {pairs_needed(float(planned), 0.1)} pairs" in out
    )
    assert "at 17% of the weight" in out
    assert found.complete


def test_enough_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    during(tmp_path / "r", detect=0.5)
    assert "Enough: a difference of 50% would show" in capsys.readouterr().out


def test_a_race_under_way_may_have_planned_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race(tmp_path / "r", plan("fast", pairs=20), {"baseline": 10.0, "fast": 5.0}, pairs=2)
    assert pairs_needed(log_ratio_sd([0.0, 0.0]), 0.1) <= 20
    during(tmp_path / "r", detect=0.1)
    assert "The 20 pairs that were planned are enough: sooner race --resume" in capsys.readouterr().out


def test_a_race_until_decided_finds_its_end_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race(tmp_path / "r", plan("fast", pairs=12, until="decided"), {"baseline": 10.0, "fast": 5.0}, pairs=3)
    during(tmp_path / "r", detect=0.05)
    assert "This race is until decided, at most 12 pairs" in capsys.readouterr().out


def test_misses_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan("fast", pairs=2)
    racing.start(tmp_path / "r", planned)
    store = Store(tmp_path / "r")
    for seed in range(2):
        store.add(record("baseline", seed, 10.0, metric=0.96))
        store.add(record("fast", seed, 10.0, metric=0.5))
    store.close()
    during(tmp_path / "r", detect=0.1)
    out = capsys.readouterr().out
    assert "of the runs missed the target, which is planned for" in out
    assert "unknown" in out
    assert "at 100% of the weight" in out


def test_without_a_pair_nothing_can_be_told(tmp_path: Path) -> None:
    racing.start(tmp_path / "r", plan("fast"))
    with pytest.raises(StoreError, match=r"no two lanes of the race in .* have run the same seed"):
        during(tmp_path / "r", detect=0.1)
    with pytest.raises(RecipeError, match="detect must be"):
        during(tmp_path / "r", detect=-0.1)


def test_a_race_that_stopped_by_what_it_saw_is_not_added_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race(tmp_path / "r", plan("fast", pairs=6, until="decided"), {"baseline": [10.0] * 6, "fast": NOISY})
    during(tmp_path / "r", detect=0.1)
    out = capsys.readouterr().out
    assert "cannot simply be added to" in out
    assert "--pairs" not in out


def test_a_race_is_planned_before_it_begins(sooner: Run, tmp_path: Path) -> None:
    status, out, err = sooner(
        *("plan", "digits", "--detect", "30%", "--lanes", "rs2-30", "--model", "mlp", "--budget", "2ep"),
        *("--threads", "1", "--device", "cpu"),
    )
    assert status == 0, err
    assert "a pair is a run of each of 3 lanes" in out
    assert [line.split()[0] for line in out.splitlines() if line[:1].isdigit()] == ["5%", "10%", "20%", "30%", "50%"]
    assert "43" in next(line for line in out.splitlines() if line.startswith("5% "))
    assert "To find 30% in 8 of 10 races: 6 pairs" in out
    assert "median of 354 published configurations" in out
    assert not list(tmp_path.iterdir())  # nothing is left behind


def test_the_trials_of_a_tuned_race_are_in_what_is_to_come(sooner: Run, tmp_path: Path) -> None:
    options = ["--tune", "--tune-seeds", "3", "--model", "mlp", "--budget", "2ep", "--threads", "1", "--device", "cpu"]
    status, out, err = sooner("plan", "digits", "--lanes", "ema-90", *options)
    assert status == 0, err
    # Two lanes at five rates with three seeds: the time of fifteen pairs.
    said = re.search(r"pair --tune makes 30 trials of the learning rates of 2 lanes, .*: (\d+) s here", out)
    assert said is not None
    pair = re.search(r"a pair is a run of each of 2 lanes, (\d+) s here", " ".join(out.split()))
    assert pair is not None
    assert abs(int(said[1]) - 15 * int(pair[1])) <= 8
    assert "s here, the trials included; or --until decided" in " ".join(out.split())
    assert sooner("plan", "digits", "--tune-seeds", "3")[0] == 2


def test_a_race_is_planned_by_its_own_runs(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    status, out, _ = sooner("plan", "--race", "r", "--detect", "0.5")
    assert status == 0
    assert "Enough: a difference of 50%" in out


def test_every_mistake_is_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    for arguments, expected in {
        ("plan",): "a race needs one task",
        ("plan", "digits", "--detect", "much"): "--detect must be a share such as 10%",
        ("plan", "digits", "--detect", "0"): "detect must be above 0",
        ("plan", "--race", "nothing"): "holds no race",
        ("plan", "digits", "--race", "r"): "leave out items",
    }.items():
        status, _, err = sooner(*arguments)
        assert status == 2, arguments
        assert expected in err, (arguments, err)
